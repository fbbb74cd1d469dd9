package signin

import (
	"net/url"
	"strings"
)

// maxReturn bounds a path to return to.
const maxReturn = 1024

// returnPath returns where to go after a sign-in: the wish if it is a path of ours,
// else Home. Browsers take a backslash for a slash and drop tabs and line breaks, so
// that "/\evil.example" and "/<tab>/evil.example" lead away though url.Parse sees
// no host.
func (s *SignIn) returnPath(wish string) string {
	if wish == "" || len(wish) > maxReturn || wish[0] != '/' || strings.HasPrefix(wish, "//") || strings.ContainsRune(wish, '\\') {
		return s.o.Home
	}
	for _, c := range []byte(wish) {
		if c <= ' ' || c >= 0x7f {
			return s.o.Home
		}
	}
	u, err := url.Parse(wish)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.Opaque != "" || !strings.HasPrefix(u.Path, "/") {
		return s.o.Home
	}
	// After unescaping it must not look like another host to a careless reader, and
	// the pages of the sign-in itself are no place to return to.
	if strings.HasPrefix(u.Path, "//") || strings.ContainsAny(u.Path, "\\\t\r\n") || under(u.Path, s.o.Prefix) {
		return s.o.Home
	}
	return wish
}

func under(path, prefix string) bool { return path == prefix || strings.HasPrefix(path, prefix+"/") }
