package province

import (
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/procedures/portal"
	"github.com/motcua/motcua/workflow/sqlkit/sqlopen"
)

// Each part says what is wrong with its own section, whatever the others say.
func TestEachPartRefuses(t *testing.T) {
	t.Parallel()
	s := started(t, served(t)).setup
	with := func(change func(c *Config)) *Setup {
		other, c := *s, *s.Config
		change(&c)
		other.Config = &c
		return &other
	}
	_, err := Verify(with(func(c *Config) { c.Esign.Roots = "x" }))
	require.ErrorContains(t, err, "esign.roots: ")
	_, err = Timestampers(with(func(c *Config) { c.Esign.Roots = "x" }))
	require.ErrorContains(t, err, "esign.roots: ")
	_, err = Timestampers(with(func(c *Config) { c.Esign.Timestampers = []string{"x"} }))
	require.ErrorContains(t, err, "esign.timestampers: ")
	two, err := Timestampers(with(func(c *Config) { c.Esign.Timestampers = []string{"http://a/tsa", "http://b/tsa"} }))
	require.NoError(t, err)
	assert.Len(t, two, 2)
	_, err = Providers(with(func(c *Config) { c.Identity.Officials.ID = "" }))
	require.ErrorContains(t, err, "identity.official: ")
	_, err = Gateways(with(func(c *Config) { c.Payment.VNPAY = &VNPAYConfig{} }))
	require.ErrorContains(t, err, "payment.vnpay: ")
	require.NoError(t, os.WriteFile(s.Folder.Path("secrets", "service-key"), []byte("x"), 0o600))
	_, err = CertifyOptions(s, nil)
	require.ErrorContains(t, err, "service-key is damaged")
	_, err = NewPortal(portal.Parts{}, nil, NewPages())
	require.ErrorContains(t, err, "portal: ")
}

// The forms of a page may lead to the gateway that is configured.
func TestFormsLeadToTheGateway(t *testing.T) {
	t.Parallel()
	s := started(t, served(t))
	c := s.setup.Config
	o := PortalOptions(s.setup, s.app.SignIn)
	assert.Contains(t, o.FormOrigins, origin(c.Payment.VNPAY.PayURL))
	assert.True(t, o.Trial)
	n := len(o.FormOrigins)
	c.Payment.VNPAY = nil
	assert.Len(t, PortalOptions(s.setup, s.app.SignIn).FormOrigins, n-1)
}

// A vault is made at the first start, found at the next, and missed when it is
// gone; a reader makes none.
func TestVault(t *testing.T) {
	t.Parallel()
	s := &Setup{Folder: ownFolder(t, t.TempDir())}
	at := s.Folder.Path("secrets", "identity.key")
	s.ReadOnly = true
	_, err := OpenVault(s)
	require.ErrorContains(t, err, at)
	assert.NoDirExists(t, filepath.Dir(at))
	s.ReadOnly = false
	require.NoError(t, os.WriteFile(filepath.Dir(at), nil, 0o600))
	_, err = OpenVault(s)
	require.ErrorContains(t, err, filepath.Dir(at))
	require.NoError(t, os.Remove(filepath.Dir(at)))
	first, err := OpenVault(s)
	require.NoError(t, err)
	for _, s.ReadOnly = range []bool{false, true} {
		again, err := OpenVault(s)
		require.NoError(t, err)
		assert.Equal(t, first.Hash("a", "b"), again.Hash("a", "b"))
	}
	s.ReadOnly = false
	require.NoError(t, os.Remove(at))
	_, err = OpenVault(s)
	require.ErrorContains(t, err, at+" is gone")
	assert.NoFileExists(t, at)
	require.NoError(t, os.WriteFile(at, []byte("x"), 0o600))
	for _, s.ReadOnly = range []bool{false, true} {
		_, err = OpenVault(s)
		require.ErrorContains(t, err, at)
	}
}

// Tables that cannot be brought up to date are told, and the database is given
// back. A reader brings nothing up to date.
func TestTablesInTheWay(t *testing.T) {
	t.Parallel()
	for _, table := range []string{"workflow_dossiers", "identity_people", "payment_charges", "esign_plans", "certify_lines",
		"procedures_dossiers", "river_migration"} {
		s := &Setup{Config: &Config{}, Folder: ownFolder(t, t.TempDir())}
		db, err := sqlopen.Open(t.Context(), "sqlite:"+s.Folder.Path("motcua.db"), nil)
		require.NoError(t, err)
		exec(t, db.Write, "CREATE TABLE "+table+" (x)")
		require.NoError(t, db.Close())
		_, _, err = OpenDatabase(t.Context(), s)
		require.Error(t, err, table)
		s.ReadOnly = true
		_, shut, err := OpenDatabase(t.Context(), s)
		require.NoError(t, err, table)
		shut()
	}
}

// A province's own layer lies over the national one, and a folder over both.
func TestLayersOfProcedures(t *testing.T) {
	t.Parallel()
	const name = "province/2.000815.yaml"
	read := func(dir string, own fstest.MapFS) string {
		t.Helper()
		layers, err := ProceduresFS(dir, own)
		require.NoError(t, err)
		f, err := layers.Open(name)
		if err != nil {
			return ""
		}
		defer f.Close() //nolint:errcheck // it was only read
		raw := make([]byte, 3)
		n, err := f.Read(raw)
		require.NoError(t, err)
		return string(raw[:n])
	}
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "province"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("dir"), 0o600))
	own := fstest.MapFS{name: {Data: []byte("own")}}
	assert.Equal(t, "own", read("", own))
	assert.Equal(t, "dir", read(dir, own))
	source, err := ProceduresFS("", nil)
	require.NoError(t, err)
	c, err := LoadCatalogue(source)
	require.NoError(t, err)
	assert.Equal(t, []string{"2.000815"}, c.Codes())
	layers, err := ProceduresFS(unreadableProcedures(t), nil)
	require.NoError(t, err)
	_, err = LoadCatalogue(layers)
	require.ErrorContains(t, err, "statuses.yaml")
	layers, err = ProceduresFS(faultyProcedures(t), nil)
	require.NoError(t, err)
	_, err = LoadCatalogue(layers)
	require.ErrorContains(t, err, "procedures: ")
	require.ErrorContains(t, err, "term-longer")
}

// A theme that is broken is told at the start, not on the first page.
func TestBrokenTheme(t *testing.T) {
	t.Parallel()
	r := newRunner()
	r.province.Theme = fstest.MapFS{"templates/home.html": {Data: []byte("{{")}}
	_, err := r.start(t.Context(), &Config{Data: filepath.Join(t.TempDir(), "data"), Date: lawDay})
	require.ErrorContains(t, err, "home.html")
}
