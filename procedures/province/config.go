package province

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
)

// Config is everything a province sets: in a file (--config), and by flags,
// which win. Every field has a default or is asked for by name.
type Config struct {
	// Data is the data folder. Defaults to .motcua.
	Data string `yaml:"data,omitempty"`
	// Database is the database's URL; defaults to sqlite:DATA/motcua.db.
	Database string `yaml:"database,omitempty"`
	// Listen is the address of the portal, host:port. Defaults to a loopback
	// port chosen at first start and kept.
	Listen string `yaml:"listen,omitempty"`
	// PublicURL is how browsers reach it, without a path. Defaults to http://
	// and the address it listens at.
	PublicURL string `yaml:"public_url,omitempty"`
	// TrustedProxies are addresses and networks ("10.0.0.0/8") of reverse proxies
	// whose X-Forwarded-For tells the browser's address, by which limits count.
	// Defaults to none.
	TrustedProxies []string `yaml:"trusted_proxies,omitempty"`
	// Date sets the law's clock at the first start of a data folder.
	Date string `yaml:"date,omitempty"`
	// Procedures and Directory are folders of YAML that replace what the
	// program carries.
	Procedures string `yaml:"procedures,omitempty"`
	Directory  string `yaml:"directory,omitempty"`
	// NoSim starts no simulator: Identity, Payment and Esign must be set.
	NoSim bool `yaml:"no_sim,omitempty"`
	// InsecureDemo lets simulators and their province listen where other
	// machines reach them.
	InsecureDemo bool `yaml:"insecure_demo,omitempty"`
	// Trial has every paper bear the trial mark. It is always on with
	// simulators.
	Trial bool `yaml:"trial,omitempty"`

	Identity IdentityConfig `yaml:"identity,omitempty"`
	Payment  PaymentConfig  `yaml:"payment,omitempty"`
	Esign    EsignConfig    `yaml:"esign,omitempty"`
}

// IdentityConfig names the providers of the two sign-ins, which may be one
// issuer with two clients.
type IdentityConfig struct {
	Citizens  ClientConfig `yaml:"citizens,omitempty"`
	Officials ClientConfig `yaml:"officials,omitempty"`
}

// ClientConfig is one OpenID Connect client.
type ClientConfig struct {
	Issuer string `yaml:"issuer"`
	ID     string `yaml:"client_id"`
	Secret string `yaml:"client_secret"`
}

// PaymentConfig holds one section a gateway; none means that fees are paid at
// the counter.
type PaymentConfig struct {
	VNPAY *VNPAYConfig `yaml:"vnpay,omitempty"`
}

// VNPAYConfig is a VNPAY 2.1.0 terminal.
type VNPAYConfig struct {
	Terminal string `yaml:"terminal"`
	Secret   string `yaml:"secret"`
	PayURL   string `yaml:"pay_url"`
	QueryURL string `yaml:"query_url"`
}

// EsignConfig says who is trusted, who stamps time and where holders' keys are.
type EsignConfig struct {
	// Roots are PEM certificates the verifier trusts.
	Roots string `yaml:"roots,omitempty"`
	// Timestampers are RFC 3161 addresses, tried in order.
	Timestampers []string `yaml:"timestampers,omitempty"`
	// CA enrols holders that have no key yet.
	CA *CAConfig `yaml:"ca,omitempty"`
	// Signers are holders with keys of their own: an official's id or a unit's
	// code, and a PKCS#12 file.
	Signers map[string]PKCS12Config `yaml:"signers,omitempty"`
}

// CAConfig is where certificates are enrolled.
type CAConfig struct {
	URL    string `yaml:"url"`
	Secret string `yaml:"secret"`
}

// PKCS12Config is a key in a file, relative to the configuration's folder.
type PKCS12Config struct {
	File         string `yaml:"file"`
	PasswordFile string `yaml:"password_file"`
}

const maxConfig = 1 << 20

// ReadConfig reads a configuration file. Unknown keys are errors that name the
// line.
func ReadConfig(name string) (*Config, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxConfig {
		return nil, fmt.Errorf("%s has more than %d bytes", name, maxConfig)
	}
	c := &Config{}
	if err := yaml.NewDecoder(bytes.NewReader(raw), yaml.Strict()).Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	for holder, s := range c.Esign.Signers {
		for _, p := range []*string{&s.File, &s.PasswordFile} {
			if *p != "" && !filepath.IsAbs(*p) {
				*p = filepath.Join(filepath.Dir(name), *p)
			}
		}
		c.Esign.Signers[holder] = s
	}
	return c, nil
}

// check says what is missing or contradictory, everything at once.
func (c *Config) check() error {
	var wrong []error
	bad := func(format string, a ...any) { wrong = append(wrong, fmt.Errorf(format, a...)) }
	if c.NoSim {
		for name, cl := range map[string]ClientConfig{"citizens": c.Identity.Citizens, "officials": c.Identity.Officials} {
			if cl.Issuer == "" || cl.ID == "" || cl.Secret == "" {
				bad("identity.%s needs issuer, client_id and client_secret when no simulator runs", name)
			}
		}
		if c.Esign.Roots == "" || len(c.Esign.Timestampers) == 0 {
			bad("esign needs roots and timestampers when no simulator runs")
		}
		if c.Esign.CA == nil && len(c.Esign.Signers) == 0 {
			bad("esign needs ca or signers when no simulator runs")
		}
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" {
			bad("public_url %q is not http(s)://host[:port]", c.PublicURL)
		}
	}
	if _, err := parseProxies(c.TrustedProxies); err != nil {
		wrong = append(wrong, err)
	}
	if c.Listen != "" {
		host, _, err := net.SplitHostPort(c.Listen)
		switch {
		case err != nil:
			bad("listen %q is not host:port", c.Listen)
		case !c.NoSim && !c.InsecureDemo && !loopback(host):
			bad(
				"listen %q can be reached from other machines, and simulators accept anybody (use a loopback address, --no-sim, or --insecure-demo)",
				c.Listen,
			)
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("configuration: %w", errors.Join(wrong...))
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
