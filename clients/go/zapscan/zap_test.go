package zapscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/zapscan"
	"go.uber.org/multierr"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// canary is in every value that must not come out.
const canary = "canary"

const (
	mail = canary + "@example.com"
	ssn  = "123-45-6789"
)

type sink struct {
	bytes.Buffer
	fail error
}

func (s *sink) Write(p []byte) (int, error) {
	if s.fail != nil {
		return 0, s.fail
	}
	return s.Buffer.Write(p)
}

func (s *sink) Sync() error { return nil }

var config = zapcore.EncoderConfig{MessageKey: "msg", NameKey: "logger", StacktraceKey: "stack", LineEnding: "\n",
	EncodeTime: zapcore.RFC3339TimeEncoder, EncodeDuration: zapcore.StringDurationEncoder}

// ways are the two ways to mask; all tests of fields hold for both.
func ways(out zapcore.WriteSyncer, m *scan.Masker) map[string]*zap.Logger {
	plain := zapcore.NewCore(zapcore.NewJSONEncoder(config), out, zapcore.DebugLevel)
	masked := zapcore.NewCore(zapscan.NewEncoder(zapcore.NewJSONEncoder(config), m), out, zapcore.DebugLevel)
	return map[string]*zap.Logger{
		"core":    zap.New(plain, zapscan.Option(m)),
		"encoder": zap.New(masked),
	}
}

type person struct {
	FirstName string `json:"firstName"`
	SSN       string `json:"ssn"`
}

func (p person) MarshalLogObject(enc zapcore.ObjectEncoder) error {
	enc.AddString("first_name", p.FirstName)
	enc.AddInt("mrn", 12345678)
	enc.AddInt("visits", 3)
	enc.AddTime("birth_date", time.Unix(0, 0).UTC())
	enc.AddByteString("note", []byte(mail))
	enc.AddBinary("raw", []byte(mail))
	enc.AddFloat64("weight", 70.5)
	enc.OpenNamespace("more")
	_ = enc.AddReflected("again", struct {
		LastName string `json:"lastName"`
	}{canary})
	return enc.AddArray("notes", texts{mail, "fine"})
}

type texts []string

func (t texts) MarshalLogArray(enc zapcore.ArrayEncoder) error {
	for _, text := range t {
		enc.AppendString(text)
	}
	return nil
}

type stringer struct{ text string }

func (s *stringer) String() string { return s.text }

type failing struct{}

func (failing) MarshalLogObject(zapcore.ObjectEncoder) error { return errors.New(mail) }

type panicking struct{}

func (panicking) MarshalLogObject(zapcore.ObjectEncoder) error { panic(mail) }
func (panicking) Error() string                                { panic(mail) }
func (panicking) String() string                               { panic(mail) }

type endless struct{}

func (e endless) MarshalLogObject(enc zapcore.ObjectEncoder) error { return enc.AddObject("next", e) }

type badge string

type verbose struct{}

func (verbose) Error() string { return "no record of " + mail }
func (v verbose) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "%s\nat %s", v.Error(), ssn)
}

// byZap are the fields of With that zap takes apart itself, before it calls an encoder.
var byZap = map[string]bool{"panicking error": true, "panicking stringer": true, "unknown type": true,
	"wrong content": true, "no content": true}

func TestFieldsOfEveryTypeAreMasked(t *testing.T) {
	var nilStringer *stringer
	fields := map[string]struct {
		field zap.Field
		want  string
	}{
		"text by detector":   {zap.String("note", "call "+mail), `"note":"call [EMAIL]"`},
		"text by name":       {zap.String("lastName", canary), `"lastName":"[NAME]"`},
		"JSON in a text":     {zap.String("body", `{"ssn":"`+ssn+`","n":1}`), `"body":"{\"ssn\":\"[SSN]\",\"n\":1}"`},
		"bytes":              {zap.ByteString("note", []byte(mail)), `"note":"[EMAIL]"`},
		"binary":             {zap.Binary("note", []byte(mail)), `"note":"W0VNQUlMXQ=="`},
		"number by name":     {zap.Int("mrn", 12345678), `"mrn":"[MRN]"`},
		"unsigned by name":   {zap.Uint32("mrn", 12345678), `"mrn":"[MRN]"`},
		"float by name":      {zap.Float32("latitude", 40.7), `"latitude":"[GEOGRAPHY]"`},
		"card number":        {zap.Int64("n", 4111111111111111), `"n":"[ACCOUNT]"`},
		"plain number":       {zap.Int("port", 12345678), `"port":12345678`},
		"bool":               {zap.Bool("ssn", true), `"ssn":true`},
		"duration":           {zap.Duration("took", time.Second), `"took":"1s"`},
		"time by name":       {zap.Time("birthDate", time.Unix(0, 0)), `"birthDate":"[DATE]"`},
		"plain time":         {zap.Time("createdAt", time.Unix(0, 0).UTC()), `"createdAt":"1970-01-01T00:00:00Z"`},
		"old time by name":   {zap.Time("birthDate", time.Time{}), `"birthDate":"[DATE]"`},
		"error":              {zap.Error(errors.New("no record of " + mail)), `"error":"no record of [EMAIL]"`},
		"verbose error":      {zap.Error(verbose{}), `"error":"no record of [EMAIL]","errorVerbose":"no record of [EMAIL]\nat [SSN]"`},
		"group of errors":    {zap.Error(multierr.Combine(errors.New(mail), errors.New("b"))), `"error":"[EMAIL]; b","errorCauses":[{"error":"[EMAIL]"},{"error":"b"}]`},
		"errors":             {zap.Errors("errs", []error{errors.New(mail)}), `"errs":[{"error":"[EMAIL]"}]`},
		"panicking error":    {zap.Error(panicking{}), `"error":"[REFUSED]"`},
		"stringer":           {zap.Stringer("note", &stringer{mail}), `"note":"[EMAIL]"`},
		"nil stringer":       {zap.Stringer("note", nilStringer), `"note":"<nil>"`},
		"panicking stringer": {zap.Stringer("note", panicking{}), `"note":"[REFUSED]"`},
		"struct":             {zap.Any("p", &struct{ LastName, Note string }{canary, mail}), `"p":{"LastName":"[NAME]","Note":"[EMAIL]"}`},
		"map":                {zap.Any("m", map[string]any{"ssn": 123456789, "b": []string{mail}}), `"m":{"b":["[EMAIL]"],"ssn":"[SSN]"}`},
		"nil":                {zap.Any("ssn", nil), `"ssn":null`},
		"channel":            {zap.Any("c", make(chan int)), `"c":"[REFUSED]"`},
		"PHI":                {zap.Any("x", scan.Protect(mail)), `"x":"[PHI]"`},
		"own type":           {zap.Any("x", badge(mail)), `"x":"[UNIQUE-ID]"`},
		"strings":            {zap.Strings("names", []string{mail, "b"}), `"names":["[EMAIL]","b"]`},
		"strings by name":    {zap.Strings("firstName", []string{canary}), `"firstName":["[NAME]"]`},
		"numbers by name":    {zap.Ints("ssn", []int{1, 2}), `"ssn":["[SSN]","[SSN]"]`},
		"object":             {zap.Object("p", person{canary, ssn}), `"p":` + maskedPerson},
		"object by name":     {zap.Object("homeAddress", zapcore.ObjectMarshalerFunc(func(enc zapcore.ObjectEncoder) error { enc.AddString("part", canary); return nil })), `"homeAddress":{"part":"[GEOGRAPHY]"}`},
		"objects":            {zap.Objects("p", []person{{canary, ssn}}), `"p":[` + maskedPerson + `]`},
		"inline":             {zap.Inline(person{canary, ssn}), maskedPerson[1 : len(maskedPerson)-1]},
		"failing object":     {zap.Object("p", failing{}), `"p":{},"pError":"zapscan: the value could not be marshaled"`},
		"panicking object":   {zap.Object("p", panicking{}), `"p":{},"pError":"zapscan: the value could not be marshaled"`},
		"key":                {zap.String(mail, "x"), `"[EMAIL]":"x"`},
		"unknown type":       {zap.Field{Key: "k", Type: 99, String: mail}, `"k":"[REFUSED]"`},
		"wrong content":      {zap.Field{Key: "k", Type: zapcore.ErrorType, Interface: mail}, `"k":"[REFUSED]"`},
		"no content":         {zap.Field{Key: "k", Type: zapcore.ObjectMarshalerType}, `"k":"[REFUSED]"`},
		"stack":              {zap.String("stack", "main.f("+mail+")\n\tmain.go:1"), `"stack":"main.f([EMAIL])\n\tmain.go:1"`},
	}
	for what, c := range fields {
		var out sink
		for way, logger := range ways(&out, scan.New(scan.WithType[badge](scan.UniqueID))) {
			out.Reset()
			logger.Info("m", c.field)
			if got := strings.TrimSpace(out.String()); got != `{"msg":"m",`+c.want+`}` {
				t.Errorf("%s, %s:\n got %s\nwant %s", what, way, got, `{"msg":"m",`+c.want+`}`)
			}
			if way == "encoder" && byZap[what] {
				continue
			}
			out.Reset()
			logger.With(c.field).Info("m")
			if got := strings.TrimSpace(out.String()); got != `{"msg":"m",`+c.want+`}` {
				t.Errorf("%s, %s, With:\n got %s", what, way, got)
			}
		}
	}
}

const maskedPerson = `{"first_name":"[NAME]","mrn":"[MRN]","visits":3,"birth_date":"[DATE]","note":"[EMAIL]",` +
	`"raw":"W0VNQUlMXQ==","weight":70.5,"more":{"again":{"lastName":"[NAME]"},"notes":["[EMAIL]","fine"]}}`

func TestMessageNameAndStackAreMasked(t *testing.T) {
	var out sink
	for way, logger := range ways(&out, scan.New()) {
		out.Reset()
		logger.WithOptions(zap.AddStacktrace(zapcore.InfoLevel)).Named(mail).With(zap.Namespace("ns")).Info("call "+mail, zap.Int("mrn", 1))
		got := out.String()
		if strings.Contains(got, canary) || !strings.Contains(got, `"msg":"call [EMAIL]"`) || !strings.Contains(got, `"ns":{"mrn":"[MRN]"`) {
			t.Errorf("%s: %s", way, got)
		}
		if !json.Valid(out.Bytes()) || !strings.Contains(got, "zap_test.go:") {
			t.Errorf("%s: the stack is lost: %s", way, got)
		}
	}
}

func TestEndlessObjectsAreCut(t *testing.T) {
	var out sink
	for way, logger := range ways(&out, scan.New()) {
		out.Reset()
		logger.Info("m", zap.Object("o", endless{}))
		if got := out.String(); !json.Valid(out.Bytes()) || !strings.Contains(got, scan.Refused) {
			t.Errorf("%s: %s", way, got)
		}
	}
}

func TestFieldsOfTheCallerStayAsTheyAre(t *testing.T) {
	var out sink
	for _, logger := range ways(&out, scan.New()) {
		bytes := []byte(mail)
		fields := []zap.Field{zap.String("a", mail), zap.ByteString("b", bytes)}
		logger.Info("m", fields...)
		if fields[0].String != mail || string(bytes) != mail {
			t.Error("a field of the caller was changed")
		}
	}
}

func TestSugaredLoggersAreMasked(t *testing.T) {
	var out sink
	for way, logger := range ways(&out, scan.New()) {
		out.Reset()
		logger.Sugar().Infow("call "+mail, "ssn", ssn, "odd")
		logger.Sugar().Infof("call %s", mail)
		if got := out.String(); strings.Contains(got, canary) || strings.Contains(got, ssn) {
			t.Errorf("%s: %s", way, got)
		}
	}
}

func TestThePanicOfALoggerHasTheMaskedMessage(t *testing.T) {
	logger := ways(&sink{}, scan.New())["core"]
	defer func() {
		if got := recover(); got != "call [EMAIL]" {
			t.Errorf("%v", got)
		}
	}()
	logger.Panic("call " + mail)
}

func TestErrorsOfWritersDoNotShowValues(t *testing.T) {
	m := scan.New()
	var errs sink
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(config), &sink{fail: errors.New("cannot write " + mail)}, zapcore.DebugLevel),
		zapscan.Option(m), zap.ErrorOutput(&errs))
	logger.Info("m")
	if got := errs.String(); strings.Contains(got, canary) || !strings.Contains(got, "cannot write [EMAIL]") {
		t.Error(got)
	}
}

func TestLevelsTeesAndSamplersDecideAsWithoutTheMask(t *testing.T) {
	var info, warn sink
	encoder := zapcore.NewJSONEncoder(config)
	tee := zapcore.NewTee(zapcore.NewCore(encoder, &info, zapcore.InfoLevel), zapcore.NewCore(encoder, &warn, zapcore.WarnLevel))
	logger := zap.New(tee, zapscan.Option(scan.New()))
	logger.Debug(mail)
	logger.Info(mail)
	logger.Warn(mail)
	if n := strings.Count(info.String(), "[EMAIL]"); n != 2 {
		t.Errorf("%d entries of the level info", n)
	}
	if n := strings.Count(warn.String(), "[EMAIL]"); n != 1 {
		t.Errorf("%d entries of the level warn", n)
	}
	if zapcore.LevelOf(logger.Core()) != zapcore.InfoLevel {
		t.Error("the level is hidden")
	}

	var out sink
	sampled := zapcore.NewSamplerWithOptions(zapcore.NewCore(encoder, &out, zapcore.InfoLevel), time.Hour, 2, 0)
	logger = zap.New(sampled, zapscan.Option(scan.New()))
	for i := 0; i < 5; i++ {
		logger.Info("call " + mail)
	}
	if n := strings.Count(out.String(), "[EMAIL]"); n != 2 {
		t.Errorf("%d entries passed the sampler", n)
	}
}

func TestCountsComeFromAllLoggers(t *testing.T) {
	m := scan.New()
	logger := ways(&sink{}, m)["core"]
	logger.Info("call "+mail, zap.String("ssn", ssn))
	logger.With(zap.String("ssn", ssn)).Info("m")
	if counts := m.Counts(); counts[scan.Email] != 1 || counts[scan.SSN] != 2 {
		t.Errorf("%v", counts)
	}
}

type devNull struct{}

func (devNull) Write(p []byte) (int, error) { return len(p), nil }
func (devNull) Sync() error                 { return nil }

func benchmarkLog(b *testing.B, logger *zap.Logger, message string, fields ...zap.Field) {
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		logger.Info(message, fields...)
	}
}

func BenchmarkZap(b *testing.B) {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), devNull{}, zapcore.InfoLevel)
	clean := []zap.Field{zap.String("method", "GET"), zap.String("path", "/v1/appointments"), zap.Int("status", 200),
		zap.Duration("took", 12*time.Millisecond), zap.String("request_id", "550e8400-e29b-41d4-a716-446655440000")}
	phi := []zap.Field{zap.String("first_name", "Jane"), zap.String("ssn", ssn), zap.Int("mrn", 12345678),
		zap.Any("patient", person{"Jane", ssn}), zap.Error(errors.New("no record of " + mail))}
	for name, logger := range map[string]*zap.Logger{"plain": zap.New(core), "masked": zap.New(core, zapscan.Option(scan.New()))} {
		b.Run("clean/"+name, func(b *testing.B) { benchmarkLog(b, logger, "request completed", clean...) })
		b.Run("phi/"+name, func(b *testing.B) { benchmarkLog(b, logger, "no record of "+mail, phi...) })
	}
}
