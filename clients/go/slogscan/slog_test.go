//go:build go1.21

package slogscan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/slogscan"
)

// canary is in every value that must not come out.
const canary = "canary"

const (
	mail = canary + "@example.com"
	ssn  = "123-45-6789"
)

type person struct {
	FirstName string `json:"firstName"`
	SSN       string `json:"ssn"`
}

type valuer struct{ text string }

func (v valuer) LogValue() slog.Value { return slog.GroupValue(slog.String("ssn", v.text)) }

type panicking struct{}

func (panicking) Error() string { panic(canary) }

type badge string

// untimed drops the time, which differs from run to run.
func untimed(next func([]string, slog.Attr) slog.Attr) *slog.HandlerOptions {
	return &slog.HandlerOptions{ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
		if len(groups) == 0 && a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		if next != nil {
			return next(groups, a)
		}
		return a
	}}
}

func ways(out *bytes.Buffer) map[string]*slog.Logger {
	m := scan.New(scan.WithType[badge](scan.UniqueID))
	return map[string]*slog.Logger{
		"handler":     slog.New(slogscan.NewHandler(slog.NewJSONHandler(out, untimed(nil)), m)),
		"ReplaceAttr": slog.New(slog.NewJSONHandler(out, untimed(slogscan.ReplaceAttr(m)))),
	}
}

func TestAttributesOfEveryKindAreMasked(t *testing.T) {
	for what, c := range map[string]struct {
		attr slog.Attr
		want string
	}{
		"text by detector": {slog.String("note", "call "+mail), `"note":"call [EMAIL]"`},
		"text by name":     {slog.String("lastName", canary), `"lastName":"[NAME]"`},
		"number by name":   {slog.Int("mrn", 12345678), `"mrn":"[MRN]"`},
		"unsigned":         {slog.Uint64("mrn", 12345678), `"mrn":"[MRN]"`},
		"float":            {slog.Float64("latitude", 40.7), `"latitude":"[GEOGRAPHY]"`},
		"plain number":     {slog.Int("port", 8080), `"port":8080`},
		"bool":             {slog.Bool("ssn", true), `"ssn":true`},
		"duration":         {slog.Duration("took", 5), `"took":5`},
		"time by name":     {slog.Time("birthDate", time.Unix(0, 0)), `"birthDate":"[DATE]"`},
		"error":            {slog.Any("err", errors.New("no record of "+mail)), `"err":"no record of [EMAIL]"`},
		"panicking error":  {slog.Any("err", panicking{}), `"err":"[REFUSED]"`},
		"struct":           {slog.Any("p", &person{canary, ssn}), `"p":{"firstName":"[NAME]","ssn":"[SSN]"}`},
		"map":              {slog.Any("m", map[string]any{"ssn": 1}), `"m":{"ssn":"[SSN]"}`},
		"nil":              {slog.Any("ssn", nil), `"ssn":null`},
		"channel":          {slog.Any("c", make(chan int)), `"c":"[REFUSED]"`},
		"PHI":              {slog.Any("x", scan.Protect(mail)), `"x":"[PHI]"`},
		"own type":         {slog.Any("x", badge(canary)), `"x":"[UNIQUE-ID]"`},
		"group":            {slog.Group("g", slog.String("ssn", ssn), slog.Int("n", 1)), `"g":{"ssn":"[SSN]","n":1}`},
		"group by name":    {slog.Group("homeAddress", slog.String("part", canary)), `"homeAddress":{"part":"[GEOGRAPHY]"}`},
		"valuer":           {slog.Any("v", valuer{ssn}), `"v":{"ssn":"[SSN]"}`},
		"key":              {slog.String(mail, "x"), `"[EMAIL]":"x"`},
	} {
		var out bytes.Buffer
		for way, logger := range ways(&out) {
			out.Reset()
			logger.Info("call "+mail, c.attr)
			if got := strings.TrimSpace(out.String()); got != `{"level":"INFO","msg":"call [EMAIL]",`+c.want+`}` {
				t.Errorf("%s, %s:\n got %s\nwant %s", what, way, got, c.want)
			}
			out.Reset()
			logger.With(c.attr).WithGroup("in").Info("m", "n", 1)
			if got := strings.TrimSpace(out.String()); got != `{"level":"INFO","msg":"m",`+c.want+`,"in":{"n":1}}` {
				t.Errorf("%s, %s, With:\n got %s", what, way, got)
			}
		}
	}
}

func TestTheTextHandlerIsMaskedToo(t *testing.T) {
	var out bytes.Buffer
	logger := slog.New(slogscan.NewHandler(slog.NewTextHandler(&out, untimed(nil)), scan.New()))
	logger.Warn("call "+mail, "p", person{canary, ssn}, "x", scan.Protect(mail), "ssn", ssn)
	want := `level=WARN msg="call [EMAIL]" p="{\"firstName\":\"[NAME]\",\"ssn\":\"[SSN]\"}" x=[PHI] ssn=[SSN]`
	if got := strings.TrimSpace(out.String()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
}

func TestPHIIsHiddenFromHandlersThatDoNotMask(t *testing.T) {
	var out bytes.Buffer
	slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "x", scan.Protect(mail))
	slog.New(slog.NewTextHandler(&out, nil)).Info("m", "x", scan.Protect(mail))
	if strings.Contains(out.String(), canary) {
		t.Error(out.String())
	}
}

func TestTheHandlerKeepsTheContractOfHandlers(t *testing.T) {
	var out bytes.Buffer
	handler := slogscan.NewHandler(slog.NewJSONHandler(&out, nil), scan.New())
	err := slogtest.TestHandler(handler, func() []map[string]any {
		var all []map[string]any
		for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
			var record map[string]any
			if err := json.Unmarshal(line, &record); err != nil {
				t.Fatal(err)
			}
			all = append(all, record)
		}
		return all
	})
	if err != nil {
		t.Error(err)
	}
	if handler.Enabled(context.Background(), slog.LevelDebug) {
		t.Error("the level of the next handler is lost")
	}
}
