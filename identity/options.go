package identity

import (
	"crypto/rand"
	"strings"
	"time"

	"go.uber.org/zap"
)

// PeopleOptions are what People takes from its surroundings; nil means defaults.
type PeopleOptions struct {
	// Now is the protocol's clock: it dates first and last sight. Default time.Now.
	Now func() time.Time
	// NewID makes pseudonyms ("c-" is put before): at least 80 random bits in
	// lower-case letters and digits. Default crypto/rand.
	NewID func() string
	// Log receives what an operator should know, without personal data. Default
	// none.
	Log *zap.Logger
}

// JournalOptions are what Journal takes from its surroundings; nil means defaults.
type JournalOptions struct {
	// Now is the law's clock, so that an opening stands in order with the events of
	// the dossier. Default time.Now.
	Now func() time.Time
	// NewID makes ids of openings. Default crypto/rand.
	NewID func() string
}

func (o *PeopleOptions) withDefaults() PeopleOptions {
	var out PeopleOptions
	if o != nil {
		out = *o
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	if out.NewID == nil {
		out.NewID = newID
	}
	if out.Log == nil {
		out.Log = zap.NewNop()
	}
	return out
}

func (o *JournalOptions) withDefaults() JournalOptions {
	var out JournalOptions
	if o != nil {
		out = *o
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	if out.NewID == nil {
		out.NewID = newID
	}
	return out
}

func newID() string { return strings.ToLower(rand.Text()) }
