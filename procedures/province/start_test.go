package province

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/motcua/motcua/workflow/sqlkit"
)

// A start that fails at its last step has given everything back: folder, lock,
// addresses.
func TestStartThatFailsLate(t *testing.T) {
	t.Parallel()
	data := filepath.Join(t.TempDir(), "data")
	wrong := errors.New("wrong")
	r := newRunner()
	r.build = func(context.Context, *Setup) (*App, func(), error) { return nil, nil, wrong }
	_, err := r.start(t.Context(), &Config{Data: data, Date: lawDay})
	require.ErrorIs(t, err, wrong)
	f := ownFolder(t, data)
	require.Len(t, f.kept.Ports, 4)
	free(t, f.kept.Ports)
}

// What was chosen at a first start is served from then on; what contradicts it is
// told before anything listens.
func TestStartThatContradicts(t *testing.T) {
	t.Parallel()
	data := served(t)
	kept, err := ReadFolder(data)
	require.NoError(t, err)
	none := filepath.Join(t.TempDir(), "none")
	for complaint, c := range map[string]*Config{
		"was started with date":    {Date: "2024-11-16"},
		"directory folder " + none: {Directory: none},
		"procedures folder":        {Procedures: none},
		"holds none of":            {Procedures: t.TempDir()},
		"term-longer":              {Procedures: faultyProcedures(t)},
		"directory: ":              {Directory: t.TempDir()},
		"portal cannot listen at":  {Listen: "192.0.2.1:1"}, // TEST-NET-1 (RFC 5737): no machine has it
		"http://a b":               {PublicURL: "http://a b"},
		"unknown scheme":           {Database: "mysql:x"},
		"identity.citizen":         {Identity: IdentityConfig{Citizens: ClientConfig{Issuer: "x", ID: "a", Secret: "b"}}},
		"identity.official":        {Identity: IdentityConfig{Officials: ClientConfig{Issuer: "x", ID: "a", Secret: "b"}}},
		"payment.vnpay":            {Payment: PaymentConfig{VNPAY: &VNPAYConfig{Terminal: "x"}}},
		"esign.roots":              {Esign: EsignConfig{Roots: "x"}},
		"esign.timestampers":       {Esign: EsignConfig{Roots: rootOf(t, data), Timestampers: []string{"x"}}},
	} {
		c.Data = data
		_, err := newRunner().start(t.Context(), c)
		require.ErrorContains(t, err, complaint)
		free(t, kept.kept.Ports)
	}
	after, err := ReadFolder(data)
	require.NoError(t, err)
	assert.Equal(t, kept.kept, after.kept)
}

func rootOf(t *testing.T, data string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(data, "trust", "root.pem"))
	require.NoError(t, err)
	return string(raw)
}

// Simulators accept anybody, so their province is not opened to other machines by
// an address kept from a start without them.
func TestStartAtAnAddressForEverybody(t *testing.T) {
	t.Parallel()
	data := served(t)
	change := func(addr string) {
		f, err := OpenFolder(data)
		require.NoError(t, err)
		f.kept.Ports["portal"] = addr
		require.NoError(t, f.write())
		require.NoError(t, f.Close())
	}
	l, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	open := l.Addr().String()
	require.NoError(t, l.Close())
	change(open)
	_, err = newRunner().start(t.Context(), &Config{Data: data})
	require.ErrorContains(t, err, "simulators accept anybody")
	free(t, map[string]string{"portal": open})
	for _, c := range []*Config{{Data: data, InsecureDemo: true}, {Data: data, Listen: "127.0.0.1:0"}} {
		s, err := newRunner().start(t.Context(), c)
		require.NoError(t, err)
		require.NoError(t, s.close())
	}
	change(open)
	c := withoutSims(t, data)
	s, err := newRunner().start(t.Context(), c)
	require.NoError(t, err, "without simulators any address is right")
	require.NoError(t, s.close())
}

// withoutSims is a configuration that names everything, as operators write it.
func withoutSims(t *testing.T, data string) *Config {
	t.Helper()
	c, err := ReadConfig(filepath.Join(data, keptConfig))
	require.NoError(t, err)
	return &Config{Data: data, NoSim: true, Identity: c.Identity, Esign: c.Esign}
}

// Simulators fill in what a configuration leaves open and nothing else.
func TestFill(t *testing.T) {
	t.Parallel()
	sims := &Config{
		Identity: IdentityConfig{Citizens: ClientConfig{Issuer: "sim-c"}, Officials: ClientConfig{Issuer: "sim-o"}},
		Payment:  PaymentConfig{VNPAY: &VNPAYConfig{Terminal: "sim"}},
		Esign:    EsignConfig{Roots: "sim"},
	}
	c := &Config{}
	c.fill(sims)
	assert.Equal(t, &Config{Identity: sims.Identity, Payment: sims.Payment, Esign: sims.Esign, Trial: true}, c)
	own := Config{
		Identity: IdentityConfig{Citizens: ClientConfig{Issuer: "own-c"}, Officials: ClientConfig{Issuer: "own-o"}},
		Payment:  PaymentConfig{VNPAY: &VNPAYConfig{Terminal: "own"}},
		Esign:    EsignConfig{Roots: "own"},
	}
	c = &Config{Identity: own.Identity, Payment: own.Payment, Esign: own.Esign}
	c.fill(sims)
	own.Trial = true
	assert.Equal(t, &own, c)
}

// A reader takes the served settings, but the folder it was given, a database it
// was given, and no date.
func TestReadingTakesWhatWasServed(t *testing.T) {
	t.Parallel()
	data := served(t)
	was := rootOf(t, data)
	moved := filepath.Join(t.TempDir(), "moved")
	require.NoError(t, os.Rename(data, moved))
	read := func(given *Config) (*Setup, error) {
		var got *Setup
		r := newRunner()
		r.build = func(ctx context.Context, s *Setup) (*App, func(), error) {
			got = s
			return assemble(ctx, s)
		}
		s, err := r.reading(t.Context(), given)
		if err == nil {
			err = s.close()
		}
		return got, err
	}
	got, err := read(&Config{Data: moved})
	require.NoError(t, err)
	assert.Equal(t, was, got.Config.Esign.Roots)
	assert.True(t, got.ReadOnly)
	assert.Empty(t, got.Config.Database)
	assert.Equal(t, moved, got.Config.Data)
	assert.Equal(t, lawDay, got.Clock.Now().Format(time.DateOnly), "the date is the folder's")
	assert.Equal(t, "http", got.PublicURL.Scheme)
	_, err = read(&Config{Data: moved, Database: "sqlite:other.db"})
	require.ErrorContains(t, err, "other.db")
	assert.NoFileExists(t, filepath.Join(moved, "other.db"))

	kept := filepath.Join(moved, keptConfig)
	raw, err := os.ReadFile(kept)
	require.NoError(t, err)
	for complaint, content := range map[string]string{"parse": "public_url: 'http://a b'\n", "directory folder": "directory: /none\n"} {
		require.NoError(t, os.WriteFile(kept, []byte(content), 0o600))
		_, err = read(&Config{Data: moved})
		require.ErrorContains(t, err, complaint)
	}
	require.NoError(t, os.WriteFile(kept, raw, 0o600))
}

// A directory's faults stop a start and are all told; warnings do not.
func TestDirectoryFindings(t *testing.T) {
	t.Parallel()
	r := newRunner()
	r.province.Directory = fstest.MapFS{"units.yaml": {Data: []byte("units:\n  - {code: H99}\n")}}
	_, err := r.openDirectory("")
	require.ErrorContains(t, err, "units.yaml:2")
	assert.ErrorContains(t, err, "directory: ")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "units.yaml"), []byte(units), 0o600))
	live, err := r.openDirectory(dir)
	require.NoError(t, err, "a folder that is given replaces the built-in one")
	_, ok := live.Directory().Unit("H99.01", noon())
	assert.True(t, ok)
	_, err = r.openDirectory(filepath.Join(dir, "units.yaml"))
	assert.ErrorContains(t, err, "is not there", "a file is no folder")
}

// A directory that lets nobody take a step is warned of, but is served.
func TestStartWarns(t *testing.T) {
	t.Parallel()
	r := newRunner()
	core, logs := observer.New(zap.WarnLevel)
	r.log = zap.New(core)
	c := &Config{Data: filepath.Join(t.TempDir(), "data"), Date: lawDay}
	s, err := r.start(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, s.close())
	assert.Zero(t, logs.Len(), "%v", logs.All())
	c.Directory = idle(t)
	s, err = r.start(t.Context(), c)
	require.NoError(t, err)
	require.NoError(t, s.close())
	assert.NotZero(t, logs.FilterMessageSnippet("nobody may take step compare").Len())
}

// What is undone goes in reverse, all of it, and every failure is told.
func TestCloseUndoesAll(t *testing.T) {
	t.Parallel()
	var order []int
	s := &running{}
	wrong := []error{errors.New("one"), nil, errors.New("three")}
	for i, err := range wrong {
		s.undo = append(s.undo, func() error {
			order = append(order, i)
			return err
		})
	}
	err := s.close()
	require.ErrorIs(t, err, wrong[0])
	require.ErrorIs(t, err, wrong[2])
	assert.Equal(t, []int{2, 1, 0}, order)
}

// A database's address is relative to the folder where it is a configured file,
// and a path of its own otherwise.
func TestWhereTheDatabaseLies(t *testing.T) {
	t.Parallel()
	elsewhere := filepath.Join(t.TempDir(), "c.db")
	for database, want := range map[string]string{"": "motcua.db", "sqlite:b.db": "b.db", "sqlite:" + elsewhere: elsewhere} {
		f := ownFolder(t, t.TempDir())
		if !filepath.IsAbs(want) {
			want = f.Path(want)
		}
		s := started(t, served(t)).setup
		s.Config.Database, s.Folder = database, f
		db, shut, err := OpenDatabase(t.Context(), s)
		require.NoError(t, err)
		assert.Equal(t, sqlkit.SQLite, db.Dialect)
		assert.FileExists(t, want)
		shut()
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s := started(t, served(t)).setup
	s.Folder = ownFolder(t, t.TempDir())
	_, _, err := OpenDatabase(ended, s)
	require.ErrorIs(t, err, context.Canceled)
}
