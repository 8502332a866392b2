package scan

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

type base struct {
	ID      int    `json:"id"`
	Created string `json:"created,omitempty"`
	Shadow  string
}

type temperature float64

func (t temperature) MarshalText() ([]byte, error) { return []byte("warm"), nil }

type onPointer struct{ n int }

func (p *onPointer) MarshalJSON() ([]byte, error) { return []byte(`{"on": "pointer"}`), nil }

type plain struct {
	base
	*Embedded
	Text      string            `json:"text"`
	Empty     string            `json:"empty,omitempty"`
	Nil       *int              `json:"nil"`
	Skipped   string            `json:"-"`
	Dash      string            `json:"-,"`
	List      []int             `json:"list"`
	NilList   []int             `json:"nil_list"`
	Array     [2]bool           `json:"array"`
	Map       map[string]any    `json:"map"`
	IntMap    map[int]string    `json:"int_map"`
	Bytes     []byte            `json:"bytes"`
	Raw       json.RawMessage   `json:"raw"`
	Number    json.Number       `json:"number"`
	Any       any               `json:"any"`
	Time      time.Time         `json:"at"`
	Warm      temperature       `json:"warm"`
	Pointer   *onPointer        `json:"pointer"`
	Addressed []onPointer       `json:"addressed"`
	Float     float64           `json:"float"`
	Small     float32           `json:"small"`
	unseen    string            //nolint:unused // encoding/json does not see it, so neither do we
	Shadow    map[string]string `json:"Shadow"`
}

type Embedded struct {
	Extra string
	ID    int `json:"id"` // hides nothing: base.ID is as deep, so both are left out
}

func plainValue() plain {
	n := 7
	return plain{
		base: base{ID: 1, Created: "x"}, Embedded: &Embedded{Extra: "extra", ID: 2},
		Text: "a \"quoted\" text\nand more \u2028 <b>", Nil: nil, Skipped: "s", Dash: "d", List: []int{1, 2},
		Map: map[string]any{"b": 1, "a": []any{nil, true, 1.5, "x"}}, IntMap: map[int]string{2: "b", 1: "a"},
		Bytes: []byte("hello"), Raw: json.RawMessage(`{ "k" : [1, 2] }`), Number: "12.50", Any: &n,
		Time: time.Unix(1700000000, 0).UTC(), Warm: 3, Pointer: &onPointer{}, Addressed: []onPointer{{}},
		Float: 1.25e30, Small: 0.1, Shadow: map[string]string{"k": "v"}, unseen: "u",
	}
}

func TestValuesWithoutPHIAreEncodedAsEncodingJSONDoes(t *testing.T) {
	m := New()
	value := plainValue()
	for _, v := range []any{value, &value, []any{value}, map[string]any{"v": &value}, nil, "text", 1, 2.5, true,
		[]string(nil), map[string]int(nil), struct{}{}, url.Values{"page": {"2"}}, http.Header{"Accept": {"x"}}} {
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var a, b any
		got := m.Root().Value(v)
		if json.Unmarshal(want, &a) != nil || json.Unmarshal(got, &b) != nil {
			t.Fatalf("no JSON: %s", got)
		}
		if x, y := mustJSON(a), mustJSON(b); x != y {
			t.Errorf("%T\n got %s\nwant %s", v, y, x)
		}
	}
	if counts := m.Counts(); len(counts) != 0 {
		t.Errorf("values were masked: %v", counts)
	}
}

func mustJSON(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(doc)
}

type patient struct {
	MRN       int               `json:"mrn"`
	FirstName string            `json:"firstName"`
	Notes     []string          `json:"notes"`
	Contact   map[string]string `json:"contact"`
	Address   any               `json:"homeAddress"`
	Body      []byte            `json:"body"`
	Seen      time.Time         `json:"admissionDate"`
	Status    string            `json:"status"`
}

func TestValuesAreMaskedByNameAndByDetector(t *testing.T) {
	m := New()
	got := string(m.Root().Value(&patient{
		MRN: 12345678, FirstName: "Jane", Notes: []string{"call jane@example.com", "fine"},
		Contact: map[string]string{"mobilePhone": "4155550132", "123-45-6789": "x"},
		Address: map[string]any{"parts": []any{"12 Elm", 7}}, Body: []byte(`{"ssn":"123-45-6789"}`),
		Seen: time.Unix(0, 0), Status: "active",
	}))
	want := `{"mrn":"[MRN]","firstName":"[NAME]","notes":["call [EMAIL]","fine"],"contact":{"[SSN]":"x",` +
		`"mobilePhone":"[PHONE]"},"homeAddress":{"parts":["[GEOGRAPHY]","[GEOGRAPHY]"]},` +
		`"body":"eyJzc24iOiJbU1NOXSJ9","admissionDate":"[DATE]","status":"active"}`
	if got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if counts := m.Counts(); counts[SSN] != 2 || counts[Geography] != 2 || counts[MRN] != 1 {
		t.Errorf("%v", counts)
	}
}

type badge string

func TestValuesAreMaskedByType(t *testing.T) {
	m := New(WithType[badge](UniqueID), WithType[patient](Name))
	got := string(m.Root().Value(map[string]any{"a": badge("x"), "b": []badge{"y"}, "c": &patient{}, "d": "z"}))
	if want := `{"a":"[UNIQUE-ID]","b":["[UNIQUE-ID]"],"c":"[NAME]","d":"z"}`; got != want {
		t.Errorf("\n got %s\nwant %s", got, want)
	}
	if mask, ok := m.Type(&patient{}); !ok || mask != "[NAME]" {
		t.Error("a pointer to the type is not masked")
	}
	if mask, ok := m.Type(Protect(1)); !ok || mask != "[PHI]" {
		t.Error("a PHI is not masked")
	}
}

type failing struct{}

func (failing) MarshalJSON() ([]byte, error) { return nil, errors.New("Canary") }

type panicking struct{ S string }

func (*panicking) MarshalText() ([]byte, error) { panic("Canary") }

type lying struct{}

func (lying) MarshalJSON() ([]byte, error) { return []byte(`{"Canary"`), nil }

type ring struct {
	Next *ring
	More []*ring
}

func TestValuesThatCannotBeEncodedAreRefused(t *testing.T) {
	m := New()
	r := &ring{}
	r.Next, r.More = r, []*ring{r, r, r}
	self := map[string]any{}
	self["self"] = self
	for _, v := range []any{failing{}, &panicking{}, []any{&panicking{}}, lying{}, func() {}, make(chan int),
		complex(1, 2), math.NaN(), math.Inf(1), map[any]int{struct{}{}: 1}, strings.Repeat("x", 1<<20),
		[]string{strings.Repeat("x", 1<<16), strings.Repeat("y", 1<<16)}, make([]struct{}, 1<<26), r, self} {
		got := string(m.Root().Value(v))
		if !json.Valid([]byte(got)) || !strings.Contains(got, Refused) || strings.Contains(got, "Canary") {
			t.Errorf("%T gives %.100s", v, got)
		}
		if len(got) > 4*defaultMaxValue {
			t.Errorf("%T gives %d bytes", v, len(got))
		}
	}
	if m.RefusedCount() == 0 {
		t.Error("nothing was counted")
	}
}

func TestNilPointersAreNull(t *testing.T) {
	m := New()
	for _, v := range []any{nil, (*patient)(nil), (*panicking)(nil), (*PHI[int])(nil), (http.Header)(nil)} {
		if got := string(m.Root().Value(v)); got != "null" && got != `"[PHI]"` {
			t.Errorf("%T gives %s", v, got)
		}
	}
}
