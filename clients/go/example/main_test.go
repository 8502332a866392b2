package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/vouchsafe/vouchsafe/clients/go/scan"
)

// values are synthetic, and none may come out.
var values = []string{"Janetta", "Canaryroe", "123-45-6789", "123456789", "12345678", "canary@example.com", "415-555-0132",
	"1980-01-31", "12 Elm Street", "62704", "hunter2hunter2", "abcdef1234567890abcdef", "4111111111111111", "Roundtree"}

const body = `{
  "firstName": "Janetta", "lastName": "Canaryroe", "ssn": "123-45-6789", "mrn": 12345678, "ward": "B",
  "birthDate": "1980-01-31", "contact": {"email": "canary@example.com", "phones": ["415-555-0132"]},
  "address": {"line": ["12 Elm Street"], "city": "Roundtree", "postalCode": "62704"},
  "card": 4111111111111111, "password": "hunter2hunter2", "notes": "mail canary@example.com, MRN 12345678"
}`

type safeBuffer struct {
	mutex sync.Mutex
	bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.Buffer.Write(p)
}

func TestNoValueOfARequestIsInTheLog(t *testing.T) {
	var out safeBuffer
	masker := scan.New()
	server := httptest.NewServer(newService(&out, masker))
	defer server.Close()
	for _, text := range []string{body, strings.ReplaceAll(body, "\n", ""), body[:len(body)-3], "ssn=123-45-6789&firstName=Janetta&lastName=Canaryroe"} {
		request, err := http.NewRequest(http.MethodPost, server.URL+"/patients?mrn=12345678&email=canary%40example.com", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer abcdef1234567890abcdef")
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
	}
	if testing.Verbose() {
		t.Log(out.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 16 {
		t.Errorf("%d lines", len(lines))
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %s", line)
		}
		for _, value := range values {
			if strings.Contains(line, value) {
				t.Errorf("%s comes out:\n%s", value, line)
			}
		}
	}
	if !strings.Contains(out.String(), `\"ward\": \"B\"`) {
		t.Error("what is no PHI is gone, too")
	}
	checkCounts(t, server.URL)
}

func checkCounts(t *testing.T, url string) {
	response, err := http.Get(url + "/masked")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var counts map[string]uint64
	if err := json.NewDecoder(response.Body).Decode(&counts); err != nil {
		t.Fatal(err)
	}
	for _, class := range []string{"name", "ssn", "mrn", "email", "secret"} {
		if counts[class] == 0 {
			t.Errorf("no %s was counted: %v", class, counts)
		}
	}
}
