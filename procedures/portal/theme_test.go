package portal_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/goccy/go-yaml"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/html"

	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/procedures/portal"
)

func readWords(t *testing.T, lang string) map[string]string {
	t.Helper()
	text, err := os.ReadFile("theme/words/" + lang + ".yaml")
	require.NoError(t, err)
	var w map[string]string
	require.NoError(t, yaml.Unmarshal(text, &w))
	return w
}

// TestWords: both languages have the same words with the same values, every key a
// page or this package names is there, and none is left over.
func TestWords(t *testing.T) {
	t.Parallel()
	vi, en := readWords(t, "vi"), readWords(t, "en")
	value := regexp.MustCompile(`\{[a-z]+\}`)
	for k := range vi {
		assert.Contains(t, en, k, "English lacks it")
		assert.ElementsMatch(t, value.FindAllString(vi[k], -1), value.FindAllString(en[k], -1), k)
	}
	for k := range en {
		assert.Contains(t, vi, k, "Vietnamese lacks it")
	}
	used := map[string]bool{}
	for pattern, key := range map[string]*regexp.Regexp{
		"theme/templates/*.html": regexp.MustCompile(`\bt "([a-z0-9._]+)"`),
		"*.go":                   regexp.MustCompile(`\.t\("([a-z0-9._]+[a-z0-9])"`),
	} {
		files, err := filepath.Glob(pattern)
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, f := range files {
			text, err := os.ReadFile(f)
			require.NoError(t, err)
			for _, m := range key.FindAllStringSubmatch(string(text), -1) {
				assert.Contains(t, vi, m[1], f)
				used[m[1]] = true
			}
		}
	}
	computed := regexp.MustCompile(`^(trouble|done|paper|opened|mine|level|verdict|sign|step)\.`)
	for k := range vi {
		assert.True(t, used[k] || computed.MatchString(k), "%s is never said", k)
	}
	for _, kind := range []string{desk.PaperScan, desk.PaperSlip, desk.PaperSupplement, desk.PaperRefusal, desk.PaperReceipt,
		desk.PaperResult} {
		assert.Contains(t, vi, "paper."+kind)
	}
}

// TestTroubleHasWords: every problem the package makes has a title and a text.
func TestTroubleHasWords(t *testing.T) {
	t.Parallel()
	vi := readWords(t, "vi")
	code := regexp.MustCompile(`(?:trouble\([^,]+, |Code: )"([a-z_]+)"`)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") || f == "journal.go" {
			continue
		}
		text, err := os.ReadFile(f)
		require.NoError(t, err)
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			n++
			assert.Contains(t, vi, "trouble."+m[1]+".title", f)
			assert.Contains(t, vi, "trouble."+m[1]+".text", f)
		}
	}
	assert.Greater(t, n, 20)
}

func TestEnglish(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	id := b.file()
	lan := b.as("lan")
	for _, path := range []string{"/en", "/en/thu-tuc/" + procedure, "/en/ho-so", "/en/ho-so/" + id, "/en/tra-cuu", "/en/kiem-tra"} {
		v := lan.open(path)
		assert.Equal(t, "en", attr(v.find(func(n *html.Node) bool { return n.Data == "html" }), "lang"), path)
		for _, a := range v.all("a") {
			href := attr(a, "href")
			if strings.HasPrefix(href, "/") && attr(a, "hreflang") == "" {
				assert.True(t, strings.HasPrefix(href, "/en") || strings.HasPrefix(href, "/dang-"), "%s leads out of English: %s", path, href)
			}
		}
		other := v.find(func(n *html.Node) bool { return n.Data == "a" && attr(n, "hreflang") == "vi" })
		require.NotNil(t, other, path)
		back := lan.open(attr(other, "href"))
		assert.Equal(t, "vi", attr(back.find(func(n *html.Node) bool { return n.Data == "html" }), "lang"))
	}
	v := lan.open("/en/ho-so/" + id)
	assert.Contains(t, v.words(), "Newly filed")
	assert.Contains(t, v.words(), "08:00 15 November 2024")
	v = lan.press(v, "withdraw")
	assert.True(t, strings.HasPrefix(v.path, "/en/"), "a form stays in its language")
	assert.Equal(t, "withdrawal", v.mark("data-state"))
}

func TestThemeIsLaidOver(t *testing.T) {
	t.Parallel()
	over := fstest.MapFS{
		"words/vi.yaml":          {Data: []byte("site.name: Tỉnh Mẫu\n")},
		"static/colours.css":     {Data: []byte(":root { --main: #123456; }")},
		"templates/payment.html": {Data: []byte(`{{define "main"}}<h1>Của tỉnh</h1>{{end}}`)},
	}
	b := setup(t, full, func(_ *portal.Parts, o *portal.Options) { o.Theme = over })
	v := b.as("").open("/")
	assert.Contains(t, v.title(), "Tỉnh Mẫu")
	assert.Contains(t, v.words(), "Ông/bà cần làm thủ tục gì?", "the other words stay")
	assert.Equal(t, "Của tỉnh", b.as("").open("/thanh-toan/ve").words())
	for _, l := range v.all("link") {
		if attr(l, "rel") == "stylesheet" {
			css := b.as("").get(attr(l, "href")).text
			assert.Contains(t, css, "#123456")
			assert.Contains(t, css, ".errors", "the style itself stays")
		}
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	b := setup(t, plain)
	whole := b.portal.Parts
	_, err := portal.New(portal.Parts{}, nil)
	require.ErrorContains(t, err, "is required")
	for name, c := range map[string]struct {
		o    portal.Options
		says string
	}{
		"public URL":     {portal.Options{PublicURL: "dvc.example.vn"}, "public URL"},
		"origin":         {portal.Options{FormOrigins: []string{"https://x/; script-src *"}}, "form origin"},
		"origin path":    {portal.Options{FormOrigins: []string{"https://x/y"}}, "form origin"},
		"broken page":    {portal.Options{Theme: fstest.MapFS{"templates/home.html": {Data: []byte("{{")}}}, "home.html"},
		"broken words":   {portal.Options{Theme: fstest.MapFS{"words/vi.yaml": {Data: []byte("- a\n")}}}, "words/vi.yaml"},
		"words too long": {portal.Options{Theme: fstest.MapFS{"words/vi.yaml": {Data: make([]byte, 2<<20)}}}, "more than"},
	} {
		_, err := portal.New(whole, &c.o)
		require.ErrorContains(t, err, c.says, name)
	}
	whole.Pay = &gate{}
	_, err = portal.New(whole, nil)
	require.ErrorContains(t, err, "public URL is required")
}

// TestFieldNamesOfThePages: a form cannot use the names the pages need.
func TestFieldNamesOfThePages(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../national/2.000815.yaml")
	require.NoError(t, err)
	bad := strings.NewReplacer("    issuer:", "    version:", "      issuer:", "      version:").Replace(string(text))
	c, found, err := procedures.Load(fstest.MapFS{"national/2.000815.yaml": {Data: []byte(bad)}})
	require.NoError(t, err)
	require.Empty(t, found)
	parts := setup(t, plain).portal.Parts
	parts.Catalogue = c
	_, err = portal.New(parts, nil)
	require.ErrorContains(t, err, `"version"`)
}
