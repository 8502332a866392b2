package scan

import (
	"strings"
	"testing"
)

var lines = map[string]string{
	"clean": `{"level":"info","ts":"2024-01-02T03:04:05.678Z","caller":"api/server.go:123","msg":"request completed",` +
		`"method":"GET","path":"/v1/appointments","status":200,"bytes":5120,"duration_ms":12.5,` +
		`"request_id":"550e8400-e29b-41d4-a716-446655440000","remote":"10.0.0.17:51234"}`,
	"phi": `{"level":"error","ts":"2024-01-02T03:04:05.678Z","caller":"api/server.go:123","msg":"no record of ` +
		`jane.roe@example.com (MRN 12345678)","patient":{"firstName":"Jane","lastName":"Roe","ssn":"123-45-6789",` +
		`"birthDate":"1980-01-31"},"request_id":"550e8400-e29b-41d4-a716-446655440000"}`,
}

var texts = map[string]string{
	"clean": "request 550e8400-e29b-41d4-a716-446655440000 completed in 12.5 ms with status 200 on attempt 3 of 5",
	"phi":   "no record of jane.roe@example.com (MRN 12345678, DOB 01/31/1980), call 415-555-0132",
}

func BenchmarkText(b *testing.B) {
	for name, text := range texts {
		b.Run(name, func(b *testing.B) {
			m := New()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				m.Text(text)
			}
		})
	}
}

func BenchmarkJSON(b *testing.B) {
	for name, line := range lines {
		b.Run(name, func(b *testing.B) {
			m := New()
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				m.Root().JSON([]byte(line))
			}
		})
	}
}

func BenchmarkStack(b *testing.B) {
	text := strings.Repeat("main.(*server).handle\n\t/src/api/server.go:123 +0x1d\n", 30)
	m := New()
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		m.Text(text)
	}
}
