// Command example is an HTTP service that makes the most common mistake: it logs whole request bodies, with zap and
// with zerolog. The loggers are made with a Masker, so what comes out holds no PHI.
//
//	go run ./example &
//	curl -d '{"firstName":"Jane","lastName":"Roe","ssn":"123-45-6789","ward":"B"}' http://127.0.0.1:8080/patients?mrn=12345678
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/rs/zerolog"
	"github.com/vouchsafe/vouchsafe/clients/go/scan"
	"github.com/vouchsafe/vouchsafe/clients/go/zapscan"
	"github.com/vouchsafe/vouchsafe/clients/go/zerologscan"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func main() {
	masker := scan.New()
	server := &http.Server{
		Addr:              "127.0.0.1:8080",
		Handler:           newService(os.Stderr, masker),
		ReadHeaderTimeout: 5 * time.Second,
	}
	if err := server.ListenAndServe(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// patient is what a request brings. The social security number is of a type that shows nothing, wherever it goes.
type patient struct {
	FirstName string           `json:"firstName"`
	LastName  string           `json:"lastName"`
	SSN       scan.PHI[string] `json:"ssn"`
	Ward      string           `json:"ward"`
}

type service struct {
	zap     *zap.Logger
	zerolog zerolog.Logger
	masker  *scan.Masker
}

// newService makes the service and its two loggers.
func newService(out io.Writer, masker *scan.Masker) http.Handler {
	// zap: one option.
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(out)), zap.InfoLevel)
	zapLogger := zap.New(core, zapscan.Option(masker))

	// zerolog: a writer, and functions for values and errors.
	zerologscan.Install(masker)
	zerologLogger := zerolog.New(zerologscan.NewWriter(zerolog.SyncWriter(out), masker)).With().Timestamp().Logger()

	s := &service{zap: zapLogger, zerolog: zerologLogger, masker: masker}
	mux := http.NewServeMux()
	mux.HandleFunc("/patients", s.patients)
	mux.HandleFunc("/masked", s.masked)
	return mux
}

// patients logs far too much of a request.
func (s *service) patients(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
	if err != nil {
		http.Error(w, "the body cannot be read", http.StatusBadRequest)
		return
	}
	s.zap.Info("request "+r.URL.String(), zap.ByteString("body", body), zap.Any("headers", r.Header))
	s.zerolog.Info().Str("url", r.URL.String()).Bytes("body", body).Interface("headers", r.Header).Msg("request")

	var p patient
	if err := json.Unmarshal(body, &p); err != nil {
		err = fmt.Errorf("no patient in %q: %w", body, err)
		s.zap.Error("bad request", zap.Error(err))
		s.zerolog.Error().Err(err).Msg("bad request")
		http.Error(w, "this is no patient", http.StatusBadRequest)
		return
	}
	s.zap.Info("patient admitted", zap.Any("patient", p), zap.String("summary", fmt.Sprintf("%+v", p)))
	s.zerolog.Info().Interface("patient", p).Msgf("patient admitted: %+v", p)
	w.WriteHeader(http.StatusNoContent)
}

// masked tells what was masked, so that somebody fixes the cause.
func (s *service) masked(w http.ResponseWriter, _ *http.Request) {
	counts := make(map[string]uint64)
	for class, n := range s.masker.Counts() {
		counts[class.String()] = n
	}
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(counts); err != nil {
		s.zap.Warn("the counts could not be written", zap.Error(err))
	}
}
