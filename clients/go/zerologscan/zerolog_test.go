package zerologscan_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/zerologscan"
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

type object struct{ name string }

func (o object) MarshalZerologObject(e *zerolog.Event) {
	e.Str("last_name", o.name).Str("note", mail).Int("mrn", 12345678).Int("visits", 3)
}

type array []string

func (a array) MarshalZerologArray(out *zerolog.Array) {
	for _, text := range a {
		out.Str(text)
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New(canary) }

type panicking struct{}

func (panicking) Error() string                       { panic(canary) }
func (panicking) String() string                      { panic(canary) }
func (panicking) MarshalZerologObject(*zerolog.Event) { panic(canary) }
func (panicking) MarshalZerologArray(*zerolog.Array)  { panic(canary) }

const maskedObject = `{"last_name":"[NAME]","note":"[EMAIL]","mrn":"[MRN]","visits":3}`

func TestTheWriterMasksEachFieldOfAnEvent(t *testing.T) {
	for want, add := range map[string]func(*zerolog.Event){
		`"note":"call [EMAIL]"`:                    func(e *zerolog.Event) { e.Str("note", "call "+mail) },
		`"last_name":"[NAME]"`:                     func(e *zerolog.Event) { e.Str("last_name", canary) },
		`"names":["[EMAIL]","b"]`:                  func(e *zerolog.Event) { e.Strs("names", []string{mail, "b"}) },
		`"b":"[EMAIL]"`:                            func(e *zerolog.Event) { e.Bytes("b", []byte(mail)) },
		`"mrn":"[MRN]","port":8080`:                func(e *zerolog.Event) { e.Int("mrn", 12345678).Int("port", 8080) },
		`"error":"no record of [EMAIL]"`:           func(e *zerolog.Event) { e.Err(errors.New("no record of " + mail)) },
		`"p":{"firstName":"[NAME]","ssn":"[SSN]"}`: func(e *zerolog.Event) { e.Interface("p", person{canary, ssn}) },
		`"o":` + maskedObject:                      func(e *zerolog.Event) { e.Object("o", object{canary}) },
		maskedObject[1 : len(maskedObject)-1]:      func(e *zerolog.Event) { e.EmbedObject(object{canary}) },
		`"a":["[EMAIL]"]`:                          func(e *zerolog.Event) { e.Array("a", array{mail}) },
		`"d":{"ssn":"[SSN]"}`:                      func(e *zerolog.Event) { e.Dict("d", zerolog.Dict().Str("ssn", ssn)) },
		`"raw":{"ssn":"[SSN]"}`:                    func(e *zerolog.Event) { e.RawJSON("raw", []byte(`{"ssn":"`+ssn+`"}`)) },
		`"body":"{\"ssn\":\"[SSN]\"}"`:             func(e *zerolog.Event) { e.Str("body", `{"ssn":"`+ssn+`"}`) },
		`"birth_date":"[DATE]"`:                    func(e *zerolog.Event) { e.Time("birth_date", time.Unix(0, 0)) },
		`"ip":"[IP]"`:                              func(e *zerolog.Event) { e.IPAddr("ip", net.IPv4(8, 8, 8, 8)) },
		`"x":"[PHI]"`:                              func(e *zerolog.Event) { e.Interface("x", scan.Protect(mail)) },
		`"y":"[PHI]"`:                              func(e *zerolog.Event) { e.Stringer("y", scan.Protect(mail)) },
		`"ssn":"[SSN]","z":1`:                      func(e *zerolog.Event) { e.Fields(map[string]any{"z": 1, "ssn": ssn}) },
		`"[EMAIL]":"x"`:                            func(e *zerolog.Event) { e.Str(mail, "x") },
	} {
		var out bytes.Buffer
		logger := zerolog.New(zerologscan.NewWriter(&out, scan.New()))
		e := logger.Info()
		add(e)
		e.Msg("call " + mail)
		if got := strings.TrimSpace(out.String()); got != `{"level":"info",`+want+`,"message":"call [EMAIL]"}` {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestTheContextOfALoggerIsMaskedByTheWriter(t *testing.T) {
	var out bytes.Buffer
	logger := zerolog.New(zerologscan.NewWriter(&out, scan.New())).With().Str("ssn", ssn).Logger()
	logger.Print("call " + mail)
	if got := strings.TrimSpace(out.String()); got != `{"level":"debug","ssn":"[SSN]","message":"call [EMAIL]"}` {
		t.Error(got)
	}
}

func TestAnEventThatIsNoJSONIsWrittenAsMaskedText(t *testing.T) {
	var out bytes.Buffer
	logger := zerolog.New(zerologscan.NewWriter(&out, scan.New()))
	logger.Warn().RawJSON("raw", []byte(`{"ssn":"`+ssn+`"`)).Msg("m")
	var event map[string]string
	if err := json.Unmarshal(out.Bytes(), &event); err != nil || event["level"] != "warn" || strings.Contains(event["message"], ssn) {
		t.Errorf("%v %s", err, out.String())
	}
}

func TestTextOfOtherLoggersIsMaskedLineByLine(t *testing.T) {
	var out bytes.Buffer
	logger := log.New(zerologscan.NewWriter(&out, scan.New()), "", 0)
	logger.Print("call " + mail + "\n{\"ssn\":\"" + ssn + "\"}")
	if got := out.String(); got != "call [EMAIL]\n{\"ssn\":\"[SSN]\"}\n" {
		t.Error(got)
	}
}

func TestTheConsoleShowsMaskedEvents(t *testing.T) {
	var out bytes.Buffer
	console := zerolog.ConsoleWriter{Out: &out, NoColor: true}
	logger := zerolog.New(zerologscan.NewWriter(console, scan.New()))
	logger.Info().Str("ssn", ssn).Msg("call " + mail)
	if got := out.String(); !strings.Contains(got, "call [EMAIL]") || !strings.Contains(got, "ssn=[SSN]") {
		t.Error(got)
	}
}

type levels struct {
	io.Writer
	seen []zerolog.Level
}

func (l *levels) WriteLevel(level zerolog.Level, p []byte) (int, error) {
	l.seen = append(l.seen, level)
	return l.Write(p)
}

func TestLevelsReachTheNextWriterAndErrorsComeBack(t *testing.T) {
	next := &levels{Writer: io.Discard}
	w := zerologscan.NewWriter(next, scan.New())
	logger := zerolog.New(w)
	logger.Warn().Msg("m")
	if len(next.seen) != 1 || next.seen[0] != zerolog.WarnLevel {
		t.Errorf("%v", next.seen)
	}
	if n, err := w.Write([]byte("a@example.com\n")); n != 14 || err != nil {
		t.Errorf("%d %v", n, err)
	}
	closed, _ := io.Pipe()
	_ = closed.Close()
	broken := zerologscan.NewWriter(writerFunc(func([]byte) (int, error) { return 0, io.ErrClosedPipe }), scan.New())
	if _, err := broken.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
	if _, err := broken.WriteLevel(zerolog.InfoLevel, []byte("{}")); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

type badge string

func TestInstallMasksBeforeTheEventIsEncoded(t *testing.T) {
	restore := zerologscan.Install(scan.New(scan.WithType[badge](scan.UniqueID)))
	defer restore()
	var out bytes.Buffer
	logger := zerolog.New(&out)
	logger.Info().
		Interface("p", person{canary, ssn}).
		Interface("b", badge(canary)).
		Interface("f", failing{}).
		AnErr("e", errors.New("no record of "+mail)).
		AnErr("panic", panicking{}).
		AnErr("nil", nil).
		AnErr("nil pointer", (*net.OpError)(nil)).
		Errs("errs", []error{errors.New(mail)}).
		Fields(map[string]any{"in": map[string]string{"ssn": ssn}}).
		Send()
	want := `{"level":"info","p":{"firstName":"[NAME]","ssn":"[SSN]"},"b":"[UNIQUE-ID]","f":"[REFUSED]",` +
		`"e":"no record of [EMAIL]","panic":"[REFUSED]","errs":["[EMAIL]"],"in":{"ssn":"[SSN]"}}`
	if got := strings.TrimSpace(out.String()); got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	restore()
	out.Reset()
	logger.Info().Interface("p", person{"Jane", ssn}).Send()
	if !strings.Contains(out.String(), "Jane") {
		t.Error("the functions were not set back")
	}
}

func TestStacksOfErrorsAreMasked(t *testing.T) {
	stacks := zerolog.ErrorStackMarshaler
	defer func() { zerolog.ErrorStackMarshaler = stacks }()
	zerolog.ErrorStackMarshaler = func(err error) any { return []map[string]string{{"func": "f", "with": err.Error()}} }
	defer zerologscan.Install(scan.New())()
	var out bytes.Buffer
	logger := zerolog.New(&out)
	logger.Error().Stack().Err(errors.New(mail)).Send()
	if got := strings.TrimSpace(out.String()); got != `{"level":"error","stack":[{"func":"f","with":"[EMAIL]"}],"error":"[EMAIL]"}` {
		t.Error(got)
	}
}

func TestTheLoggerMasksEachValueBeforeItIsEncoded(t *testing.T) {
	var nilError *net.OpError
	for want, add := range map[string]func(*zerologscan.Event){
		`"note":"call [EMAIL]"`:                    func(e *zerologscan.Event) { e.Str("note", "call "+mail) },
		`"last_name":"[NAME]"`:                     func(e *zerologscan.Event) { e.Str("last_name", canary) },
		`"names":["[EMAIL]","b"]`:                  func(e *zerologscan.Event) { e.Strs("names", []string{mail, "b"}) },
		`"b":"[EMAIL]"`:                            func(e *zerologscan.Event) { e.Bytes("b", []byte(mail)) },
		`"mrn":"[MRN]","port":8080`:                func(e *zerologscan.Event) { e.Int("mrn", 12345678).Int64("port", 8080) },
		`"ssn":"[SSN]","n":7`:                      func(e *zerologscan.Event) { e.Uint64("ssn", 123456789).Uint64("n", 7) },
		`"latitude":"[GEOGRAPHY]","x":1.5`:         func(e *zerologscan.Event) { e.Float64("latitude", 40.7).Float64("x", 1.5) },
		`"ok":true,"took":5`:                       func(e *zerologscan.Event) { e.Bool("ok", true).Dur("took", 5*time.Millisecond) },
		`"error":"no record of [EMAIL]"`:           func(e *zerologscan.Event) { e.Err(errors.New("no record of " + mail)).Err(nil).Err(nilError) },
		`"errs":["[EMAIL]"]`:                       func(e *zerologscan.Event) { e.Errs("errs", []error{errors.New(mail), nil}) },
		`"p":{"firstName":"[NAME]","ssn":"[SSN]"}`: func(e *zerologscan.Event) { e.Any("p", person{canary, ssn}) },
		`"o":` + maskedObject:                      func(e *zerologscan.Event) { e.Object("o", object{canary}) },
		maskedObject[1 : len(maskedObject)-1]:      func(e *zerologscan.Event) { e.EmbedObject(object{canary}).EmbedObject(nil) },
		`"a":["[EMAIL]"]`:                          func(e *zerologscan.Event) { e.Array("a", array{mail}) },
		`"first_name":["[NAME]"]`:                  func(e *zerologscan.Event) { e.Array("first_name", array{canary}) },
		`"d":{"ssn":"[SSN]"}`:                      func(e *zerologscan.Event) { e.Dict("d", func(e *zerologscan.Event) { e.Str("ssn", ssn) }) },
		`"raw":{"ssn":"[SSN]"}`:                    func(e *zerologscan.Event) { e.RawJSON("raw", []byte(`{"ssn":"`+ssn+`"}`)) },
		`"raw":"{\"ssn\":\"[SSN]\""`:               func(e *zerologscan.Event) { e.RawJSON("raw", []byte(`{"ssn":"`+ssn+`"`)) },
		`"birth_date":"[DATE]"`:                    func(e *zerologscan.Event) { e.Time("birth_date", time.Unix(0, 0)) },
		`"created":"1970-01-01T00:00:00Z"`:         func(e *zerologscan.Event) { e.Time("created", time.Unix(0, 0).UTC()) },
		`"ip":"[IP]"`:                              func(e *zerologscan.Event) { e.IPAddr("ip", net.IPv4(8, 8, 8, 8)) },
		`"x":"[PHI]","y":"[PHI]"`:                  func(e *zerologscan.Event) { e.Any("x", scan.Protect(mail)).Stringer("y", scan.Protect(mail)) },
		`"b":"[EMAIL]","e":"[EMAIL]","ssn":"[SSN]"`: func(e *zerologscan.Event) {
			e.Fields(map[string]any{"e": errors.New(mail), "ssn": ssn, "b": []byte(mail)})
		},
		`"ssn":"[SSN]"`:                   func(e *zerologscan.Event) { e.Fields([]any{"ssn", ssn, 1, 2, "odd"}) },
		`"[EMAIL]":"x"`:                   func(e *zerologscan.Event) { e.Str(mail, "x") },
		`"p":"[REFUSED]"`:                 func(e *zerologscan.Event) { e.Stringer("p", panicking{}) },
		`"q":"[REFUSED]","r":"[REFUSED]"`: func(e *zerologscan.Event) { e.AnErr("q", panicking{}).Object("r", panicking{}) },
		`"s":"[REFUSED]","t":null`:        func(e *zerologscan.Event) { e.Array("s", panicking{}).Stringer("t", nil) },
	} {
		var out bytes.Buffer
		logger := zerologscan.NewLogger(zerolog.New(&out), scan.New())
		e := logger.Info()
		add(e)
		e.Msgf("call %s", mail)
		if got := strings.TrimSpace(out.String()); got != `{"level":"info",`+want+`,"message":"call [EMAIL]"}` {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}

func TestLoggersOfMaskedFieldsKeepThem(t *testing.T) {
	var out bytes.Buffer
	logger := zerologscan.NewLogger(zerolog.New(&out), scan.New()).With(func(e *zerologscan.Event) { e.Str("ssn", ssn).Int("n", 1) })
	logger.Warn().Send()
	if got := strings.TrimSpace(out.String()); got != `{"level":"warn","ssn":"[SSN]","n":1}` {
		t.Error(got)
	}
}

func TestEventsOfALevelThatIsOffDoNothing(t *testing.T) {
	logger := zerologscan.NewLogger(zerolog.Nop(), scan.New())
	e := logger.Debug()
	if e.Enabled() {
		t.Error("the event is enabled")
	}
	e.Str("a", "b").Interface("c", 1).Err(errors.New("x")).Fields([]any{"a", 1}).EmbedObject(object{}).Timestamp().Caller().Msgf("%d", 1)
}

func TestThePanicOfALoggerHasTheMaskedMessage(t *testing.T) {
	logger := zerologscan.NewLogger(zerolog.New(io.Discard), scan.New())
	defer func() {
		if got := fmt.Sprint(recover()); got != "call [EMAIL]" {
			t.Error(got)
		}
	}()
	logger.Panic().Msg("call " + mail)
}

func BenchmarkZerolog(b *testing.B) {
	m := scan.New()
	plain := zerolog.New(io.Discard)
	writer := zerolog.New(zerologscan.NewWriter(io.Discard, m))
	for name, logger := range map[string]zerolog.Logger{"plain": plain, "writer": writer} {
		logger := logger
		b.Run("clean/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				logger.Info().Str("method", "GET").Str("path", "/v1/appointments").Int("status", 200).Dur("took", 12*time.Millisecond).
					Str("request_id", "550e8400-e29b-41d4-a716-446655440000").Msg("request completed")
			}
		})
		b.Run("phi/"+name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				logger.Info().Str("first_name", "Jane").Str("ssn", ssn).Int("mrn", 12345678).Interface("patient", person{"Jane", ssn}).
					Msg("no record of " + mail)
			}
		})
	}
	masked := zerologscan.NewLogger(plain, m)
	b.Run("clean/logger", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			masked.Info().Str("method", "GET").Str("path", "/v1/appointments").Int("status", 200).Dur("took", 12*time.Millisecond).
				Str("request_id", "550e8400-e29b-41d4-a716-446655440000").Msg("request completed")
		}
	})
	b.Run("phi/logger", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; i < b.N; i++ {
			masked.Info().Str("first_name", "Jane").Str("ssn", ssn).Int("mrn", 12345678).Interface("patient", person{"Jane", ssn}).
				Msg("no record of " + mail)
		}
	})
}
