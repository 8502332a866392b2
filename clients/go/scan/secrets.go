package scan

import "strings"

// secretForm is the beginning of well-known tokens, and how many bytes follow at least.
type secretForm struct {
	prefix string
	least  int
}

var secretForms = []secretForm{
	{"AKIA", 16}, {"ASIA", 16}, // Amazon
	{"AIza", 30}, {"ya29.", 20}, // Google
	{"ghp_", 20}, {"gho_", 20}, {"ghu_", 20}, {"ghs_", 20}, {"ghr_", 20}, {"github_pat_", 20}, // GitHub
	{"glpat-", 16},                                                            // GitLab
	{"xoxb-", 10}, {"xoxp-", 10}, {"xoxa-", 10}, {"xoxs-", 10}, {"xapp-", 10}, // Slack
	{"sk_live_", 10}, {"sk_test_", 10}, {"rk_live_", 10}, {"rk_test_", 10}, {"whsec_", 16}, // Stripe
	{"sk-ant-", 16}, {"sk-proj-", 16}, {"sk-", 32}, // OpenAI, Anthropic
	{"npm_", 30}, {"pypi-", 30}, {"hvs.", 20}, {"dop_v1_", 30}, {"shpat_", 20}, {"SG.", 30}, {"eyJ", 10},
}

const minSecret = 13

// secretsBy has the secretForms by their first byte.
var secretsBy = func() (by [256][]secretForm) {
	for _, form := range secretForms {
		by[form.prefix[0]] = append(by[form.prefix[0]], form)
	}
	return by
}()

// secretAt finds a token that its beginning gives away.
func secretAt(s string, i int) (int, bool) {
	if len(s)-i < minSecret {
		return 0, false
	}
	for _, form := range secretsBy[s[i]] {
		if s[i+1] != form.prefix[1] || !strings.HasPrefix(s[i:], form.prefix) {
			continue
		}
		if form.prefix == "eyJ" {
			return webTokenAt(s, i)
		}
		from := i + len(form.prefix)
		end := tokenEnd(s, from, "-.")
		if end-from >= form.least && countDigits(s[from:end]) > 0 {
			return end, true
		}
		return 0, false
	}
	return 0, false
}

// tokenEnd returns the end of letters, digits, "_" and the bytes of more. A "." at the end is that of the sentence.
func tokenEnd(s string, i int, more string) int {
	from := i
	for i < len(s) && (kinds[s[i]]&(lower|upper|digit|under) != 0 || has(more, s[i])) {
		i++
	}
	for i > from && s[i-1] == '.' {
		i--
	}
	return i
}

// webTokenAt finds a JSON web token: two parts or three, of which the first is an object in base64.
func webTokenAt(s string, i int) (int, bool) {
	head := tokenEnd(s, i, "-")
	if head-i < 10 || at(s, head) != '.' {
		return 0, false
	}
	body := tokenEnd(s, head+1, "-")
	if body-head < 9 {
		return 0, false
	}
	if at(s, body) == '.' {
		return tokenEnd(s, body+1, "-."), true
	}
	return body, true
}

// bearerAt finds what follows "Bearer" or "Basic" in a header.
func bearerAt(s string, i, end int) (from, to int, ok bool) {
	if !equalFold(s[i:end], "bearer") && !equalFold(s[i:end], "basic") {
		return 0, 0, false
	}
	from = skip(s, end, " ", 4)
	to = tokenEnd(s, from, "-.~+/=")
	return from, to, to-from >= 8 && random(s[from:to])
}

// random reports whether a token is no word: it has digits, or letters of both cases other than at the begin.
func random(token string) bool {
	var seen kind
	for i := 1; i < len(token); i++ {
		seen |= kinds[token[i]]
	}
	return seen&digit != 0 || seen&lower != 0 && seen&upper != 0
}

const keyBegin = "-----BEGIN "

// privateKeyAt finds a private key, to its end or that of the text.
func privateKeyAt(s string, i int) (int, bool) {
	if !strings.HasPrefix(s[i:], keyBegin) {
		return 0, false
	}
	title := s[i+len(keyBegin):]
	if len(title) > 48 {
		title = title[:48]
	}
	if !strings.Contains(title, "PRIVATE KEY-----") {
		return 0, false
	}
	end := strings.Index(s[i:], "-----END ")
	if end < 0 {
		return len(s), true
	}
	end += i + len("-----END ")
	if rest := strings.Index(s[end:], "-----"); rest >= 0 && rest <= 48 {
		return end + rest + 5, true
	}
	return len(s), true
}
