package vnpaysim

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/payment/vnpay"
)

const (
	zoneSpan    = 7 * 60 * 60
	stamp       = "20060102150405"
	firstNumber = 14_000_000
	maxTries    = 10
)

// Config is the merchant the simulator serves, and where it tells.
type Config struct {
	// Terminal is the merchant's vnp_TmnCode, Secret its vnp_HashSecret.
	Terminal string
	Secret   []byte
	// NoticeURL is where IPNs go: an address on a loopback host, or a path that
	// is taken at the origin of each payment's return address.
	NoticeURL string
}

// Options are the options of [New]; nil means defaults.
type Options struct {
	// Now is the simulator's clock. Defaults to time.Now.
	Now func() time.Time
	// NewID makes the tokens of the payer's page. Defaults to random ones.
	NewID func() string
	// RetryAfter is the pause before an unconfirmed IPN is sent again, doubled
	// each time, ten sends in all. Defaults to 1 s.
	RetryAfter time.Duration
	// LateBy is how long a late IPN waits. Defaults to 5 s.
	LateBy time.Duration
	// Logger defaults to none.
	Logger *zap.Logger
}

// Sim is the simulator. Its methods may be called concurrently; one process
// owns its folder.
type Sim struct {
	cfg    Config
	dir    string
	client *http.Client
	o      Options
	wake   chan struct{}

	mu      sync.Mutex
	byKey   map[string]*Transaction
	byToken map[string]*Transaction
	held    map[string]int // payments whose payers are at the page, by token
	number  int64
	behave  Behaviour
}

// New opens the simulator on a folder, which it makes if it is not there. client
// sends the IPNs; each has a deadline of 5 s.
func New(dir string, cfg Config, client *http.Client, o *Options) (*Sim, error) {
	if cfg.Terminal == "" || len(cfg.Secret) == 0 || client == nil {
		return nil, errors.New("vnpaysim: terminal, secret and http.Client are needed")
	}
	u, err := url.Parse(cfg.NoticeURL)
	if err != nil || u.Path == "" || u.Host != "" && !vnpay.Loopback(u.Hostname()) {
		return nil, errors.New("vnpaysim: NoticeURL must be a path, or an address on a loopback host")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("vnpaysim: %w", err)
	}
	s := &Sim{
		cfg: cfg, dir: dir, client: client,
		wake:  make(chan struct{}, 1),
		byKey: map[string]*Transaction{}, byToken: map[string]*Transaction{}, held: map[string]int{},
		number: firstNumber, behave: Normal,
	}
	if o != nil {
		s.o = *o
	}
	if s.o.Now == nil {
		s.o.Now = time.Now
	}
	if s.o.NewID == nil {
		s.o.NewID = rand.Text
	}
	if s.o.Logger == nil {
		s.o.Logger = zap.NewNop()
	}
	s.o.RetryAfter = cmp.Or(s.o.RetryAfter, time.Second)
	s.o.LateBy = cmp.Or(s.o.LateBy, 5*time.Second)
	return s, s.load()
}

// Behave sets what the payer's page offers first.
func (s *Sim) Behave(b Behaviour) error {
	if !slices.Contains(Behaviours(), b) {
		return fmt.Errorf("vnpaysim: no behaviour %q", b)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behave = b
	return nil
}

// Transactions lists copies of all transactions, oldest reference first.
func (s *Sim) Transactions() []Transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([]Transaction, 0, len(s.byKey))
	for _, t := range s.byKey {
		c := *t
		c.Answers = slices.Clone(t.Answers)
		out = append(out, c)
	}
	slices.SortFunc(out, func(a, b Transaction) int {
		return cmp.Or(cmp.Compare(a.Created, b.Created), cmp.Compare(a.Ref, b.Ref))
	})
	return out
}

func (s *Sim) clock() string {
	return s.o.Now().In(time.FixedZone("+07", zoneSpan)).Format(stamp)
}

// decide records what the payer did. cancel wins over the behaviour.
func (s *Sim) decide(token string, b Behaviour, cancel bool) (Transaction, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, there := s.byToken[token]
	if !there {
		return Transaction{}, errors.New("no such transaction")
	}
	if t.Status != "01" { // a second click changes nothing
		return *t, nil
	}
	c := *t
	s.number++
	c.Number, c.Behave, c.Paid = s.number, b, c.Amount
	c.Status, c.Response, c.PaidAt, c.Left = "00", "00", s.clock(), 1
	c.NextUS = s.o.Now().UnixMicro()
	switch {
	case cancel, c.Expires != "" && s.clock() > c.Expires:
		c.Status, c.Response, c.PaidAt = "02", "24", ""
		if !cancel {
			c.Response = "11"
		}
	case b == Twice:
		c.Left = 2
	case b == Late:
		c.NextUS = s.o.Now().Add(s.o.LateBy).UnixMicro()
	case b == Short:
		c.Paid -= 100
	case b == Silent:
		c.Left = 0
	case b == Held:
		c.Status, c.Response = "07", "07"
	}
	if err := s.save(&c); err != nil {
		return Transaction{}, err
	}
	*t = c
	return c, nil
}
