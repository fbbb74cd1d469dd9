package province

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/motcua/motcua/esign/driver"
	"github.com/motcua/motcua/esign/p12"
	"github.com/motcua/motcua/esign/pkisim"
	"github.com/motcua/motcua/identity/directory"
)

// Signers finds the credential of a holder: an official's id or a unit's code.
// Keys lie in files: those the configuration names, else DATA/signers, where a
// holder without one is enrolled at the certification authority.
type Signers struct {
	config EsignConfig
	dir    string
	live   *directory.Live
	now    func() time.Time
	client *http.Client
	mu     sync.Mutex // one enrolment at a time
}

// NewSigners returns the source; dir is the folder of enrolled keys.
func NewSigners(c EsignConfig, dir string, live *directory.Live, now func() time.Time, client *http.Client) *Signers {
	return &Signers{config: c, dir: dir, live: live, now: now, client: client}
}

var holderForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

// Signer implements esign.SignerSource.
func (s *Signers) Signer(ctx context.Context, holder string) (driver.Signer, error) {
	if !holderForm.MatchString(holder) {
		return nil, fmt.Errorf("holder %.20q is no official's id or unit's code", holder)
	}
	if c, ok := s.config.Signers[holder]; ok {
		password, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password of signer %s: %w", holder, err)
		}
		return open(c.File, strings.TrimRight(string(password), "\r\n"))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	key, password := filepath.Join(s.dir, holder+".p12"), filepath.Join(s.dir, holder+".password")
	_, err := os.Stat(key)
	if errors.Is(err, fs.ErrNotExist) && s.config.CA != nil {
		err = s.enrol(ctx, holder, key, password)
	}
	if err != nil {
		return nil, fmt.Errorf("no key of signer %s (name a PKCS#12 file under esign.signers, or an authority under esign.ca): %w", holder, err)
	}
	raw, err := os.ReadFile(password)
	if err != nil {
		return nil, err
	}
	return open(key, string(raw))
}

func open(file, password string) (driver.Signer, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return p12.Open(raw, password, nil)
}

// enrol makes a key here and has it certified. The password is written before
// the key, so that a key that is there can be opened.
func (s *Signers) enrol(ctx context.Context, holder, key, password string) error {
	req, err := s.holder(holder)
	if err != nil {
		return err
	}
	issued, err := pkisim.Enrol(ctx, s.client, s.config.CA.URL, s.config.CA.Secret, req)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if err := WriteFile(password, []byte(issued.Password)); err != nil {
		return err
	}
	return WriteFile(key, issued.PKCS12)
}

// holder names the subject of a certificate by the directory of the day.
func (s *Signers) holder(id string) (*pkisim.IssueRequest, error) {
	d, now := s.live.Directory(), s.now()
	if u, ok := d.Unit(id, now); ok {
		return &pkisim.IssueRequest{Name: u.Name.VI, Kind: pkisim.Organisation}, nil
	}
	p, ok := s.live.Serving(id, now)
	if !ok {
		return nil, fmt.Errorf("the directory has no unit and no serving official %s", id)
	}
	r := &pkisim.IssueRequest{Name: p.Name, Kind: pkisim.Person}
	if len(p.Posts) > 0 {
		if u, ok := d.Unit(p.Posts[0].Unit, now); ok {
			r.Unit = u.Name.VI
		}
	}
	return r, nil
}
