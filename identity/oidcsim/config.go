package oidcsim

import (
	"cmp"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/motcua/motcua/identity"
)

// Person is somebody to sign in as. All people are invented.
type Person struct {
	// Sub is the subject the provider gives.
	Sub  string `json:"sub" yaml:"sub"`
	Name string `json:"name" yaml:"name"`
	// CitizenID is the personal id, 12 digits in clear; "" for none.
	CitizenID string `json:"citizen_id" yaml:"citizen_id"`
	// Kind decides at which clients the person may sign in.
	Kind identity.Kind `json:"kind" yaml:"kind"`
	// Level is the level of the account: 1 or 2. It comes as acr "LoA1" or "LoA2".
	Level int `json:"level" yaml:"level"`
}

// Client is a relying party. Any redirect and return address on loopback is
// accepted, whatever host, port and path; others must be listed.
type Client struct {
	ID, Secret string
	// Kind is who signs in at this client.
	Kind identity.Kind
	// RedirectURIs and ReturnURIs are accepted besides those on loopback.
	RedirectURIs, ReturnURIs []string
}

// Config is what the simulator is made of.
type Config struct {
	// Issuer is the address under which the handler is reached, without a slash at
	// the end, such as http://127.0.0.1:8091.
	Issuer  string
	Clients []Client
	People  []Person
	// ClaimsInUserInfo gives personal claims at the userinfo endpoint only.
	ClaimsInUserInfo bool
}

// Options are the options of New; nil means defaults.
type Options struct {
	// SessionLife is how long the provider remembers a person. Default 8 h.
	SessionLife time.Duration
}

func (o *Options) withDefaults() Options {
	var out Options
	if o != nil {
		out = *o
	}
	out.SessionLife = cmp.Or(out.SessionLife, 8*time.Hour)
	return out
}

func (c *Config) validate() error {
	bad := func(format string, args ...any) error {
		return identity.Errorf(identity.Invalid, "simulator: "+format, args...)
	}
	u, err := url.Parse(c.Issuer)
	if err != nil || u.Host == "" || strings.HasSuffix(c.Issuer, "/") {
		return bad("the issuer %q is no address without a slash at the end", c.Issuer)
	}
	seen := map[string]bool{}
	for _, cl := range c.Clients {
		if cl.ID == "" || cl.Secret == "" || seen[cl.ID] {
			return bad("each client has an id of its own and a secret")
		}
		if cl.Kind != identity.Citizen && cl.Kind != identity.Official {
			return bad("client %s: kind is %s or %s", cl.ID, identity.Citizen, identity.Official)
		}
		seen[cl.ID] = true
	}
	seen = map[string]bool{}
	for _, p := range c.People {
		if p.Sub == "" || p.Name == "" || seen[p.Sub] {
			return bad("each person has a subject of their own and a name")
		}
		seen[p.Sub] = true
		if p.Kind != identity.Citizen && p.Kind != identity.Official {
			return bad("person %s: kind is %s or %s", p.Sub, identity.Citizen, identity.Official)
		}
		if p.Level < 1 || p.Level > 2 {
			return bad("person %s: level is 1 or 2", p.Sub)
		}
		if p.CitizenID != "" {
			if _, err := identity.ParseCitizenID(p.CitizenID); err != nil {
				return bad("person %s: %w", p.Sub, err)
			}
		}
	}
	return nil
}

func (c *Config) client(id string) *Client {
	i := slices.IndexFunc(c.Clients, func(cl Client) bool { return cl.ID == id })
	if i < 0 {
		return nil
	}
	return &c.Clients[i]
}

func (c *Config) person(sub string) *Person {
	i := slices.IndexFunc(c.People, func(p Person) bool { return p.Sub == sub })
	if i < 0 {
		return nil
	}
	return &c.People[i]
}

// acr is the level as the provider writes it.
func (p *Person) acr() string { return fmt.Sprintf("LoA%d", p.Level) }

// claims are named as VNeID's user information names them.
func (p *Person) claims() map[string]any {
	account := 1
	if p.Kind == identity.Official {
		account = 3
	}
	c := map[string]any{"HoVaTen": p.Name, "name": p.Name, "LoaiTaiKhoan": account, "loAs": p.Level}
	if p.CitizenID != "" {
		c["SoDinhDanh"] = p.CitizenID
	}
	return c
}

// loopback reports whether an address is http or https on this machine.
func loopback(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
