package province

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listed is what a folder holds, without the shelves of the store of papers,
// which are one like the other.
func listed(t *testing.T, dir string) (files, folders []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(dir, path)
		switch {
		case err != nil || name == ".":
		case e.IsDir():
			folders = append(folders, name)
			if filepath.Base(name) == "sha256" {
				return fs.SkipDir
			}
		default:
			files = append(files, name)
		}
		return err
	}))
	return files, folders
}

// contents are those of the files nothing may change but the one who made them.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	files, _ := listed(t, dir)
	for _, name := range files {
		if strings.HasPrefix(name, "secrets") || strings.HasPrefix(name, "trust") || strings.HasPrefix(name, "state") {
			raw, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			out[name] = string(raw)
		}
	}
	return out
}

// withObstacle starts a province with something in a file's place, and again
// without it: the second start must find everything as it was, its addresses
// too. It returns the first start's error.
func withObstacle(t *testing.T, data, name string, put func(at string) error) error {
	t.Helper()
	at, aside := filepath.Join(data, name), filepath.Join(t.TempDir(), "aside")
	f, err := ReadFolder(data)
	require.NoError(t, err)
	before := contents(t, data)
	require.NoError(t, os.Rename(at, aside))
	require.NoError(t, put(at))
	s, first := newRunner().start(t.Context(), &Config{Data: data})
	if first == nil {
		require.NoError(t, s.close())
	} else {
		assert.ErrorContains(t, first, filepath.Base(name), "%s: the error names what stands in the way", name)
	}
	free(t, f.kept.Ports)
	require.NoError(t, os.RemoveAll(at))
	require.NoError(t, os.Rename(aside, at))
	assert.Equal(t, before, contents(t, data), "%s: nothing is lost", name)
	s, err = newRunner().start(t.Context(), &Config{Data: data})
	require.NoError(t, err, "%s: nothing is left half done", name)
	assert.Equal(t, "http://"+f.kept.Ports["portal"], s.setup.PublicURL.String())
	require.NoError(t, s.close())
	return first
}

// A province does not start over anything that stands where it keeps something,
// be it a folder for a file or a file for a folder.
func TestStartOverObstacles(t *testing.T) {
	t.Parallel()
	data := served(t)
	files, folders := listed(t, data)
	require.Subset(t, files, []string{"state.json", "served.yaml", "motcua.db", "secrets/identity.key", "trust/root.pem"})
	folder := func(at string) error { return os.MkdirAll(filepath.Join(at, "x"), 0o700) }
	file := func(at string) error { return os.WriteFile(at, []byte("x"), 0o600) }
	for _, name := range files {
		err := withObstacle(t, data, name, folder)
		switch name {
		case "trust/root.key": // the root signs nothing any more: what it has signed is kept beside it
			assert.NoError(t, err, name)
		default:
			assert.Error(t, err, name)
		}
	}
	for _, name := range folders {
		err := withObstacle(t, data, name, file)
		switch name {
		case "trust/issued": // looked for when a certificate is issued
			assert.NoError(t, err, name)
		default:
			assert.Error(t, err, name)
		}
	}
}

// A file whose content is no longer its own is told, not replaced.
func TestStartOverDamage(t *testing.T) {
	t.Parallel()
	data := served(t)
	files, _ := listed(t, data)
	for _, name := range files {
		err := withObstacle(t, data, name, func(at string) error { return os.WriteFile(at, []byte("{damaged\n"), 0o600) })
		switch name {
		case "lock", "served.yaml": // the one has no content, the other is written anew at each start
			assert.NoError(t, err, name)
		case "trust/root.key", "trust/enrol.secret": // as above; and any text is a secret, both sides read this one
			assert.NoError(t, err, name)
		default:
			assert.Error(t, err, name)
		}
	}
}

// What is gone is made again where nothing is lost by it, and told where it is.
func TestStartAfterLoss(t *testing.T) {
	t.Parallel()
	data := served(t)
	files, _ := listed(t, data)
	for _, name := range files {
		before := contents(t, data)
		err := withObstacle(t, data, name, func(string) error { return nil })
		assert.Equal(t, before, contents(t, data))
		switch {
		case strings.HasPrefix(name, "secrets/"), name == "trust/root.pem", name == "motcua.db":
			assert.ErrorContains(t, err, "is gone (restore it", name)
		case name == "trust/root.key", strings.HasPrefix(name, "trust/issued/"), name == "lock", name == "served.yaml":
			assert.NoError(t, err, name) // as above
		case strings.HasPrefix(name, "trust/"):
			assert.ErrorContains(t, err, "is not whole", name)
		default: // simulators' memories and the choices of a first start begin anew
			assert.NoError(t, err, name)
		}
	}
}

// Commands that read say what they cannot read, and take nothing away.
func TestReadingOverObstacles(t *testing.T) {
	t.Parallel()
	data := served(t)
	_, err := newRunner().reading(t.Context(), &Config{Data: data + "-none"})
	require.ErrorContains(t, err, "is not there")
	for name, needed := range map[string]bool{
		"state.json": true, "served.yaml": true, "motcua.db": true, "secrets/identity.key": true, "secrets/service-key": true,
		"lock": false, "secrets/vnpay": false, "trust/ca.key": false, "sim/oidc/oidcsim.json": false,
	} {
		at, aside := filepath.Join(data, name), filepath.Join(t.TempDir(), "aside")
		for how, put := range map[string]func() error{
			"folder":  func() error { return os.MkdirAll(at, 0o700) },
			"damaged": func() error { return os.WriteFile(at, []byte("{damaged\n"), 0o600) },
			"gone":    func() error { return nil },
		} {
			require.NoError(t, os.Rename(at, aside))
			require.NoError(t, put())
			s, err := newRunner().reading(t.Context(), &Config{Data: data})
			if err == nil {
				require.NoError(t, s.close())
				assert.False(t, needed && !(name == "state.json" && how == "gone"), "%s %s", name, how)
			} else {
				assert.True(t, needed, "%s %s", name, how)
				if name == "served.yaml" && how == "gone" {
					assert.ErrorContains(t, err, "has not been served yet")
				} else {
					assert.ErrorContains(t, err, filepath.Base(name))
				}
			}
			require.NoError(t, os.RemoveAll(at))
			require.NoError(t, os.Rename(aside, at))
		}
	}
	s, err := newRunner().reading(t.Context(), &Config{Data: data})
	require.NoError(t, err)
	found, err := s.app.Audit(t.Context())
	require.NoError(t, err)
	assert.Empty(t, found)
	require.NoError(t, s.close())
}
