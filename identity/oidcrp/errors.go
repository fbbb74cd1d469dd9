package oidcrp

import (
	"fmt"

	"github.com/motcua/motcua/identity"
)

// Refused says that an answer of the provider, or of a browser in its name, was
// refused. errors.Is(err, identity.ErrUnauthenticated) holds. The text names the
// rule and holds no claim, token or code.
type Refused struct {
	// Rule is a stable name, such as "nonce_wrong".
	Rule string
	text string
}

// Error returns rule and explanation.
func (r *Refused) Error() string { return "sign-in refused: " + r.Rule + ": " + r.text }

// Is makes errors.Is(err, identity.ErrUnauthenticated) true.
func (r *Refused) Is(target error) bool { return target == identity.ErrUnauthenticated }

func refuse(rule, format string, args ...any) error {
	return &Refused{Rule: rule, text: fmt.Sprintf(format, args...)}
}

func unavailable(format string, args ...any) error {
	return identity.Errorf(identity.Unavailable, format, args...)
}
