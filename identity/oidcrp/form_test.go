package oidcrp

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func FuzzCheckForm(f *testing.F) {
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ1MSJ9.AA")
	f.Add("e30.e30.")
	f.Add(strings.Repeat(".", 100))
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := checkForm(raw, idTypes)
		if err != nil {
			return
		}
		if alg := got.header["alg"]; alg != "RS256" && alg != "PS256" && alg != "ES256" {
			t.Fatalf("algorithm %v passed", alg)
		}
	})
}

// Whatever parseObject takes, encoding/json reads alike: no second reader sees
// another subject.
func FuzzParseObject(f *testing.F) {
	for _, s := range []string{`{"sub":"u1","aud":["a"]}`, `{"sub":"a","SUB":"b"}`, `{"a":{"b":1,"b":2}}`, "{}", `{"a":1}x`, "{\"\xff\":1}"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		obj, err := parseObject(data)
		if err != nil {
			return
		}
		var typed struct {
			Sub json.RawMessage `json:"sub"`
		}
		if err := json.Unmarshal(data, &typed); err != nil {
			t.Fatalf("encoding/json refuses what was taken: %v", err)
		}
		has := false
		for name := range obj {
			has = has || foldName(name) == "sub"
		}
		if has != (typed.Sub != nil) && string(typed.Sub) != "null" {
			t.Fatalf("two readers differ on sub in %q", data)
		}
	})
}

func TestParseObjectRefuses(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]string{
		"nothing":            "",
		"a list":             "[]",
		"a text":             `"x"`,
		"null":               "null",
		"cut":                `{"a":`,
		"cut in a list":      `{"a":[1`,
		"cut after a name":   `{"a"`,
		"no value":           `{"a":}`,
		"name is no text":    `{1:2}`,
		"nested list broken": `{"a":[1,}]}`,
		"nested broken":      `{"a":{"b":}}`,
		"long list":          `{"a":[` + strings.Repeat("1,", maxMembers) + `1]}`,
		"nine deep":          `{"a":` + strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1) + `}`,
		"twice below":        `{"a":{"b":1,"b":1}}`,
		"two objects":        "{}{}",
		"not UTF-8":          "{\"a\":\"\xff\"}",
	} {
		obj, err := parseObject([]byte(in))
		assert.Error(t, err, name)
		assert.Nil(t, obj, name)
	}
	for name, in := range map[string]string{
		"eight deep":          `{"a":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`,
		"a list just fitting": `{"a":[` + strings.Repeat("1,", maxMembers-2) + `1]}`,
		"cases below":         `{"a":{"b":1,"B":1}}`,
		"spaces":              " {\n} ",
	} {
		_, err := parseObject([]byte(in))
		assert.NoError(t, err, name)
	}
}

func TestParseObjectKeepsWhatItTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.MapOfN(rapid.StringMatching(`[a-z]{1,8}`), rapid.String(), 0, 20).Draw(t, "in")
		data, err := json.Marshal(in)
		require.NoError(t, err)
		out, err := parseObject(data)
		require.NoError(t, err)
		require.Len(t, out, len(in))
		for k, v := range in {
			assert.Equal(t, v, out[k])
		}
	})
}

func TestFoldNameIsAsWideAsEncodingJSON(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"SUB", "Sub", "ſub", "sUB"} {
		var v struct {
			Sub string `json:"sub"`
		}
		require.NoError(t, json.Unmarshal([]byte(`{"`+s+`":"x"}`), &v))
		require.Equal(t, "x", v.Sub, "encoding/json takes %s for sub", s)
		assert.Equal(t, "sub", foldName(s))
	}
	var v struct {
		K string `json:"k"`
	}
	require.NoError(t, json.Unmarshal([]byte("{\"\u212a\":\"x\"}"), &v))
	require.Equal(t, "x", v.K)
	assert.Equal(t, "k", foldName("\u212a"))
}
