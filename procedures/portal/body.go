package portal

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/motcua/motcua/identity"
)

const (
	// maxForm bounds a posted form without files, in bytes.
	maxForm = 256 << 10
	// maxDrain bounds how much of a body that is too large is read and dropped,
	// so that the browser sees the answer and not a broken connection.
	maxDrain = 256 << 20
)

// errTooLarge: a body is longer than it may be.
var errTooLarge = errors.New("body too large")

// bounded ends a body that is longer than it may be with errTooLarge.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(buf []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(buf)) > b.left+1 {
		buf = buf[:b.left+1]
	}
	n, err := b.r.Read(buf)
	b.left -= int64(n)
	if b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}

// form reads a posted form. Its values are texts in NFC without white space at
// either end.
func (r *request) form() (url.Values, error) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return nil, trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	body, err := io.ReadAll(&bounded{r.Body, maxForm})
	if err != nil {
		if errors.Is(err, errTooLarge) {
			r.drain()
		}
		return nil, err
	}
	v, err := url.ParseQuery(string(body))
	if err != nil || len(v) > 500 {
		return nil, trouble(http.StatusUnprocessableEntity, "bad_request")
	}
	for _, list := range v {
		for i := range list {
			list[i] = tidy(list[i])
		}
	}
	return v, nil
}

// tidy is what is kept of a typed text. Line ends are those of the web's forms.
func tidy(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return identity.NFC(strings.TrimSpace(strings.ReplaceAll(s, "\x00", "")))
}

func (r *request) drain() {
	_, _ = io.Copy(io.Discard, io.LimitReader(r.Body, maxDrain))
}

// control are names of fields people don't type into.
var control = []string{"key", "version", "revision", "event", "scan", "list", "next"}

// keepTyped keeps the texts of a posted form for the page that says why it was
// not accepted.
func (r *request) keepTyped() {
	v, _ := r.form() // of one that cannot be read nothing is kept
	for name, list := range v {
		for _, text := range list {
			if text != "" && !slices.Contains(control, name) {
				r.typed = append(r.typed, typed{name, text})
			}
		}
	}
	slices.SortFunc(r.typed, func(a, b typed) int { return strings.Compare(a.Label, b.Label) })
}
