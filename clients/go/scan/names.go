package scan

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// titles come before a name of one word or more, as "Dr. Roe".
var titles = list("hi", "hello", "mr", "mrs", "ms", "miss", "mx", "dr", "dear", "madam")

// roles come before a name of two words or more, as "patient Jane Roe".
var roles = list("patient", "member", "subscriber", "beneficiary", "guarantor", "insured", "policyholder", "spouse",
	"mother", "father", "daughter", "son", "caregiver", "guardian", "nurse", "doctor", "physician", "provider",
	"clinician", "employee", "resident", "enrollee", "name", "named", "caller")

// triggers has all words that say what follows them.
var triggers = func() lengths {
	names := make(map[string]bool)
	for month := range months {
		names[month] = true
	}
	for state := range states {
		names[strings.ToLower(state)] = true
	}
	return lengthsOf(titles, roles, names, list("bearer", "basic", "po", "p"))
}()

// particles stand between the words of a name.
var particles = list("de", "del", "della", "der", "den", "di", "da", "dos", "du", "la", "le", "van", "von", "ten", "ter",
	"bin", "ibn", "al", "el", "st", "y")

// noNames are words that begin with a capital letter in a log and are nobody's name.
var noNames = list("the", "a", "an", "and", "or", "not", "no", "is", "was", "has", "had", "be", "in", "on", "at", "to",
	"of", "for", "from", "with", "without", "by", "this", "that", "all", "any", "new", "old", "get", "put", "post",
	"patch", "delete", "head", "create", "created", "update", "updated", "deleted", "read", "write", "list", "search",
	"found", "failed", "failure", "error", "warning", "info", "debug", "invalid", "missing", "unknown", "null", "none",
	"nil", "true", "false", "ok", "yes", "portal", "record", "records", "service", "services", "resource", "resources",
	"id", "identifier", "data", "database", "table", "chart", "file", "api", "http", "https", "json", "xml", "sql",
	"server", "client", "request", "response", "status", "state", "type", "version", "name", "names", "field", "value",
	"values", "access", "account", "address", "admin", "administrator", "application", "appointment", "appointments",
	"audit", "authorization", "billing", "care", "center", "centre", "claim", "class", "clinic", "code", "config",
	"consent", "controller", "count", "department", "discharge", "email", "encounter", "engagement", "everything",
	"experience", "export", "feed", "first", "last", "full", "given", "family", "group", "handler", "health", "history",
	"home", "hospital", "import", "index", "intake", "job", "key", "lookup", "management", "manager", "match",
	"matching", "medical", "merge", "message", "mode", "module", "monitoring", "number", "object", "password", "phone",
	"privacy", "profile", "query", "queue", "registration", "registry", "reminder", "repository", "routine", "safety",
	"schedule", "session", "summary", "sync", "system", "task", "test", "token", "transfer", "user", "users", "validation",
	"view", "visit", "welcome", "worker", "apt", "apartment", "suite", "ste", "unit", "who", "when", "where", "what",
	"exception", "does", "did", "will", "can", "could", "should", "must", "may", "rest", "grpc", "fhir", "hl7", "sir",
	"team", "world", "there", "everyone", "customer", "support", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday",
	"january", "february", "march", "june", "july", "august", "september", "october", "november", "december")

const maxNameRun = 5

// nameAfter finds the name after a title or role.
func nameAfter(s string, i, end int) (from, to int, ok bool) {
	word := s[i:end]
	least := 2
	switch {
	case in(titles, word):
		// "MS" is a state, a unit, a maker.
		if kinds[s[end-1]]&lower == 0 || kinds[s[i]]&upper == 0 {
			return 0, 0, false
		}
		least = 1
	case !in(roles, word):
		return 0, 0, false
	}
	from = end
	if at(s, from) == '.' && least == 1 {
		from++
	}
	if at(s, from) != ' ' {
		return 0, 0, false
	}
	from++
	if hasPrefixFold(s[from:], "is ") {
		from += 3
	}
	to, count := nameRun(s, from, false)
	return from, to, count >= least
}

// facts follow a name in brackets or after a comma: "Jane Roe (DOB 1/31/1980)".
var facts = []string{"dob", "d.o.b", "date of birth", "born", "mrn", "ssn", "member id", "patient id"}

// nameWithContext finds a name of two words or more at i that a fact of the person or a mail address follows.
func nameWithContext(s string, i int) (int, bool) {
	end, count := nameRun(s, i, false)
	if count < 2 {
		return 0, false
	}
	from := skip(s, end, " ,;(<[\"", 3)
	if from == end {
		return 0, false
	}
	for _, fact := range facts {
		if hasPrefixFold(s[from:], fact) && kinds[at(s, from+len(fact))]&(letter|digit) == 0 {
			return end, true
		}
	}
	local := from
	for local-from < maxLocal && (kinds[at(s, local)]&word != 0 || has(".+-", at(s, local))) && local < len(s) {
		local++
	}
	return end, local > from && at(s, local) == '@'
}

// nameRun returns the end of words that may be a name, and their number: Jane Q. Roe-O'Neil; Roe, Jane; Ana de la Cruz.
// Words in capitals only are taken if allCapitals is true.
func nameRun(s string, i int, allCapitals bool) (end, count int) {
	end = i
	for from := i; count < maxNameRun; {
		to, isName := nameWord(s, from, allCapitals)
		switch {
		case isName:
			count++
			end = to
		case count > 0 && to > from && in(particles, s[from:to]):
		default:
			return end, count
		}
		next := to
		if at(s, next) == '.' && to-from <= 2 && at(s, next+1) == ' ' {
			next++
		}
		if at(s, next) == ',' && count == 1 && end == to {
			next++
		}
		if at(s, next) != ' ' {
			break
		}
		from = next + 1
	}
	return end, count
}

// nameWord returns the end of the word at i, and whether it may be a part of a name.
func nameWord(s string, i int, allCapitals bool) (int, bool) {
	first, size := utf8.DecodeRuneInString(s[i:])
	end := i
	for kinds[at(s, end)]&(letter|digit|under) != 0 || (at(s, end) == '\'' || at(s, end) == '-') && kinds[at(s, end+1)]&letter != 0 {
		end++
	}
	word := s[i:end]
	if !unicode.IsUpper(first) || in(noNames, word) || countDigits(word) > 0 || has(":=(/_", at(s, end)) {
		return end, false
	}
	if initial := len(word) == size; initial {
		return end, true
	}
	for _, r := range word[size:] {
		if r == '_' {
			return end, false
		}
		if unicode.IsLower(r) {
			return end, true
		}
	}
	return end, allCapitals || foreign(word)
}

// foreign reports whether a word has letters outside ASCII, of which some scripts have no cases.
func foreign(word string) bool {
	return run(word, 0, lower|upper) != len(word) && kinds[word[0]]&wide != 0
}
