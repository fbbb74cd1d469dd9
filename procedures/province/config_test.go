package province

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "province.yaml")
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	return name
}

func whole() *Config {
	client := ClientConfig{Issuer: "https://id.example.vn", ID: "a", Secret: "b"}
	return &Config{NoSim: true, Identity: IdentityConfig{Citizens: client, Officials: client},
		Esign: EsignConfig{Roots: "pem", Timestampers: []string{"https://tsa.example.vn"}, CA: &CAConfig{}}}
}

// Each rule of a configuration, at its limit.
func TestConfigurationRules(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change    func(c *Config)
		complaint string
	}{
		"whole":                    {func(*Config) {}, ""},
		"signers instead of a CA":  {func(c *Config) { c.Esign.CA, c.Esign.Signers = nil, map[string]PKCS12Config{"a": {}} }, ""},
		"citizens' issuer":         {func(c *Config) { c.Identity.Citizens.Issuer = "" }, "identity.citizens needs"},
		"citizens' client":         {func(c *Config) { c.Identity.Citizens.ID = "" }, "identity.citizens needs"},
		"citizens' secret":         {func(c *Config) { c.Identity.Citizens.Secret = "" }, "identity.citizens needs"},
		"officials' secret":        {func(c *Config) { c.Identity.Officials.Secret = "" }, "identity.officials needs"},
		"roots":                    {func(c *Config) { c.Esign.Roots = "" }, "esign needs roots and timestampers"},
		"timestampers":             {func(c *Config) { c.Esign.Timestampers = nil }, "esign needs roots and timestampers"},
		"keys":                     {func(c *Config) { c.Esign.CA = nil }, "esign needs ca or signers"},
		"simulators need nothing":  {func(c *Config) { *c = Config{} }, ""},
		"public url":               {func(c *Config) { c.PublicURL = "https://dvc.example.vn" }, ""},
		"public url with a slash":  {func(c *Config) { c.PublicURL = "http://dvc.example.vn:8080/" }, ""},
		"public url with a path":   {func(c *Config) { c.PublicURL = "https://dvc.example.vn/a" }, "public_url"},
		"public url by ftp":        {func(c *Config) { c.PublicURL = "ftp://dvc.example.vn" }, "public_url"},
		"public url without host":  {func(c *Config) { c.PublicURL = "https://" }, "public_url"},
		"public url that is none":  {func(c *Config) { c.PublicURL = "http://a b" }, "public_url"},
		"listen at a loopback":     {func(c *Config) { *c = Config{Listen: "127.0.0.1:1"} }, ""},
		"listen at another one":    {func(c *Config) { *c = Config{Listen: "127.9.9.9:1"} }, ""},
		"listen at ::1":            {func(c *Config) { *c = Config{Listen: "[::1]:1"} }, ""},
		"listen at localhost":      {func(c *Config) { *c = Config{Listen: "localhost:1"} }, ""},
		"listen without port":      {func(c *Config) { c.Listen = "127.0.0.1" }, "is not host:port"},
		"listen everywhere":        {func(c *Config) { *c = Config{Listen: ":1"} }, "simulators accept anybody"},
		"listen outside":           {func(c *Config) { *c = Config{Listen: "192.0.2.1:1"} }, "simulators accept anybody"},
		"listen at a name":         {func(c *Config) { *c = Config{Listen: "example.vn:1"} }, "simulators accept anybody"},
		"listen as an open demo":   {func(c *Config) { *c = Config{Listen: ":1", InsecureDemo: true} }, ""},
		"listen without simulator": {func(c *Config) { c.Listen = ":1" }, ""},
	} {
		got := whole()
		c.change(got)
		err := got.check()
		if c.complaint == "" {
			assert.NoError(t, err, name)
			continue
		}
		require.ErrorContains(t, err, c.complaint, name)
		assert.ErrorContains(t, err, "configuration: ", name)
		assert.NotContains(t, err.Error(), "\n", "%s: one thing is wrong, one is told", name)
	}
	err := (&Config{NoSim: true, PublicURL: "x", Listen: "x"}).check()
	assert.Len(t, strings.Split(err.Error(), "\n"), 6, "everything is told at once: %s", err)
}

// A configuration file has at most one megabyte and no unknown key; keys' files
// are relative to its folder.
func TestReadConfig(t *testing.T) {
	t.Parallel()
	fill := func(n int) string { return "data: a\n#" + strings.Repeat("x", n-9) }
	c, err := ReadConfig(written(t, fill(1<<20)))
	require.NoError(t, err)
	assert.Equal(t, "a", c.Data)
	_, err = ReadConfig(written(t, fill(1<<20+1)))
	require.ErrorContains(t, err, "has more than 1048576 bytes")
	for _, empty := range []string{"", "# nothing\n"} {
		c, err = ReadConfig(written(t, empty))
		require.NoError(t, err)
		assert.Equal(t, &Config{}, c)
	}
	name := written(t, "data: a\ncolour: red\n")
	_, err = ReadConfig(name)
	require.ErrorContains(t, err, name)
	require.ErrorContains(t, err, "[2:1]", "the line is named")
	_, err = ReadConfig(filepath.Dir(name))
	require.ErrorContains(t, err, filepath.Dir(name), "a folder is no file")

	name = written(t, "esign: {signers: {a: {file: k.p12, password_file: /run/p}, b: {file: /k.p12, password_file: p}, c: {}}}\n")
	c, err = ReadConfig(name)
	require.NoError(t, err)
	at := filepath.Dir(name)
	assert.Equal(t, map[string]PKCS12Config{
		"a": {filepath.Join(at, "k.p12"), "/run/p"}, "b": {"/k.p12", filepath.Join(at, "p")}, "c": {},
	}, c.Esign.Signers)
}

// Flags win over the file, each over its own setting; without either the data
// folder is .motcua.
func TestFlagsOverFile(t *testing.T) {
	t.Parallel()
	file := Config{Data: "d", Database: "sqlite:x", Listen: "127.0.0.1:1", PublicURL: "http://a", Date: lawDay, Procedures: "p",
		Directory: "e"}
	text := "data: d\ndatabase: sqlite:x\nlisten: 127.0.0.1:1\npublic_url: http://a\ndate: 2024-11-15\nprocedures: p\ndirectory: e\n"
	read := func(args ...string) (*Config, error) {
		cmd := Command(small(), nil, nil)
		r := &runner{}
		require.NoError(t, cmd.ParseFlags(args))
		r.file, _ = cmd.Flags().GetString("config")
		for name, to := range map[string]*string{"data": &r.flags.Data, "database": &r.flags.Database, "listen": &r.flags.Listen,
			"public-url": &r.flags.PublicURL, "date": &r.flags.Date, "procedures": &r.flags.Procedures, "directory": &r.flags.Directory} {
			*to, _ = cmd.Flags().GetString(name)
		}
		r.flags.NoSim, _ = cmd.Flags().GetBool("no-sim")
		r.flags.InsecureDemo, _ = cmd.Flags().GetBool("insecure-demo")
		return r.config(cmd)
	}
	c, err := read()
	require.NoError(t, err)
	assert.Equal(t, &Config{Data: ".motcua"}, c)
	c, err = read("--config", written(t, text))
	require.NoError(t, err)
	assert.Equal(t, &file, c)
	for _, f := range []struct {
		args   []string
		change func(c *Config)
	}{
		{[]string{"--data", "other"}, func(c *Config) { c.Data = "other" }},
		{[]string{"--database", "sqlite:y"}, func(c *Config) { c.Database = "sqlite:y" }},
		{[]string{"--listen", "127.0.0.1:2"}, func(c *Config) { c.Listen = "127.0.0.1:2" }},
		{[]string{"--public-url", "http://b"}, func(c *Config) { c.PublicURL = "http://b" }},
		{[]string{"--date", ""}, func(c *Config) { c.Date = "" }},
		{[]string{"--procedures", "q"}, func(c *Config) { c.Procedures = "q" }},
		{[]string{"--directory", "f"}, func(c *Config) { c.Directory = "f" }},
		{[]string{"--insecure-demo"}, func(c *Config) { c.InsecureDemo = true }},
	} {
		want := file
		f.change(&want)
		c, err = read(append(f.args, "--config", written(t, text))...)
		require.NoError(t, err)
		assert.Equal(t, &want, c, "%v", f.args)
	}
	_, err = read("--no-sim", "--config", written(t, text))
	require.ErrorContains(t, err, "when no simulator runs")
}
