package scan

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCountsAreByClass(t *testing.T) {
	m := New()
	m.Text("a@example.com and b@example.com and 123-45-6789")
	m.Field("lastName").Text("Roe")
	if counts := m.Counts(); len(counts) != 3 || counts[Email] != 2 || counts[SSN] != 1 || counts[Name] != 1 {
		t.Errorf("%v", counts)
	}
}

func TestAFailedAttemptIsNotCounted(t *testing.T) {
	m := New()
	m.Text(`{"ssn":"123-45-6789","mrn":"12345678"`)
	if counts := m.Counts(); counts[SSN] != 1 || counts[MRN] != 1 {
		t.Errorf("%v", counts)
	}
}

func TestAMaskerIsUsedByManyGoroutines(t *testing.T) {
	m := New()
	var all sync.WaitGroup
	for i := 0; i < 8; i++ {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := 0; n < 200; n++ {
				if got := m.Field("name" + string(rune('a'+n%26))).Text("a@example.com {\"ssn\":\"1\"}"); strings.Contains(got, "@") {
					t.Error(got)
				}
				m.Root().Value(map[string]any{"ssn": n})
			}
		}()
	}
	all.Wait()
	if counts := m.Counts(); counts[Email] != 1600 || counts[SSN] != 3200 {
		t.Errorf("%v", counts)
	}
}

func TestLargeTextsAreRefused(t *testing.T) {
	text := strings.Repeat("a@example.com ", 5000)
	if got := New().Text(text); got != Refused {
		t.Error("a large text is not refused")
	}
	if got := New(WithMaxValue(1 << 20)).Text(text); strings.Contains(got, "@") || len(got) < 5000 {
		t.Error("the limit was not raised")
	}
}

func TestScalarsAreMaskedByName(t *testing.T) {
	m := New()
	for name, want := range map[string]string{"mrn": "[MRN]", "status": "", "port": ""} {
		if mask, _ := m.Field(name).Int64(12345678); mask != want {
			t.Errorf("%s: %q", name, mask)
		}
		if mask, _ := m.Field(name).Float64(12345678); mask != want {
			t.Errorf("%s: %q", name, mask)
		}
	}
	if mask, _ := m.Root().Uint64(4111111111111111); mask != "[ACCOUNT]" {
		t.Errorf("%q", mask)
	}
	if mask, masked := m.Root().Int64(1700000000000); masked {
		t.Errorf("%q", mask)
	}
	if mask, _ := m.Field("birthDate").Time(time.Unix(0, 0)); mask != "[DATE]" {
		t.Errorf("%q", mask)
	}
	if _, masked := m.Field("createdAt").Time(time.Unix(0, 0)); masked {
		t.Error("a time of no person is masked")
	}
	if mask, _ := m.Field("age").Int64(93); mask != "[DATE]" {
		t.Errorf("%q", mask)
	}
	if _, masked := m.Field("age").Int64(41); masked {
		t.Error("an age below 90 is masked")
	}
}

// hostile are texts that make a careless scanner slow: it would look at the same bytes again and again.
var hostile = []string{
	`{"a":`, `{"`, `[[`, `[{"a":[`, "1-", "1.", "1:", "a=+", "a=%3D+", "name:[", `ssn:"`, `ssn:\"`, "patient ", "Ab ", "@", "a@",
	"(415) ", "+1", "%40", "http://", "http://a:", "-----BEGIN PRIVATE KEY", "5(", "5 ", "eyJ.", "2001:", "aa:", "1 A ",
	"patients/", "MRN ", "Jan 1 ", "\xff", "é", "\\u", `\`, `"`, "4111 ", "DE89 ", "password: ", "a.b.c-d_e:",
	"<ssn>", "<a>1", "a_1", "_1_", "ssn)=(", "row contains (", `("ssn",`, `["mrn", "`, "Ab Cd ", "Ab, (", "42.3601,", "[a]=", "%5d=",
}

// A scanner that looks at the rest of a text from each of its bytes would need minutes for one of these.
func TestTimeGrowsWithTheLengthOnly(t *testing.T) {
	m := New(WithMaxValue(1 << 20))
	for _, unit := range hostile {
		text := strings.Repeat(unit, (512<<10)/len(unit))
		begin := time.Now()
		m.Text(text)
		m.Root().JSON([]byte(text))
		if took := time.Since(begin); took > 15*time.Second {
			t.Errorf("%q takes %v", unit, took)
		}
	}
}

func TestJSONStaysJSON(t *testing.T) {
	m := New()
	for _, doc := range []string{`{}`, `[]`, `"a@example.com"`, `1`, `{"a":[{"ssn":1}]}`, ` {"ssn" : 1} `,
		`{"a":"\ud83d\ude00 123-45-6789 \ud800"}`, `{"a":"{\"b\":\"{\\\"ssn\\\":1}\"}"}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100)} {
		masked, ok := m.Root().JSON([]byte(doc))
		if !ok || !json.Valid(masked) {
			t.Errorf("%s gives %s", doc, masked)
		}
	}
	for _, text := range []string{``, `{`, `{"a"}`, `{"a":1,}`, `[1 2]`, `01`, `1.`, `-`, `tru`, `"\x"`, "\"a\nb\"", `{} {}`} {
		if masked, ok := m.Root().JSON([]byte(text)); ok {
			t.Errorf("%s gives %s", text, masked)
		}
	}
}

func TestWhatIsNestedTooDeepIsRefused(t *testing.T) {
	m := New(WithMaxDepth(3))
	masked, ok := m.Root().JSON([]byte(`{"a":{"b":{"c":{"d":"]}\"x"},"e":1}}}`))
	if want := `{"a":{"b":{"c":"[REFUSED]","e":1}}}`; !ok || string(masked) != want {
		t.Errorf("got %s", masked)
	}
	if m.RefusedCount() != 1 {
		t.Error("not counted")
	}
}
