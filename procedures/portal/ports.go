package portal

import (
	"context"
	"io"
	"net/http"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/workflow"
)

// SignIn knows who sends a request. Require lets h see the person by
// [identity.From]; for a request of nobody it may answer itself, or call h, which
// then answers 401.
type SignIn interface {
	Require(h http.Handler) http.Handler
}

// Identifier is what a [SignIn] may have too: Identify calls h in every case, with
// the person where one is signed in. It is then used for all pages, so that the
// portal answers 401 itself and shows what was typed when a session has ended
// meanwhile; without it the pages open to everybody show nobody's name.
type Identifier interface {
	Identify(h http.Handler) http.Handler
}

// Journal is the access journal; [*identity.Journal] is one. Record returns only
// when the opening is kept.
type Journal interface {
	Record(ctx context.Context, o *identity.Opening) (string, error)
	List(ctx context.Context, s identity.Scope, q *identity.OpeningQuery) (*identity.OpeningPage, error)
}

// Payment asks to be sent to a gateway.
type Payment struct {
	Dossier workflow.DossierID
	// Key is the idempotency key of the posted form: with the same key the same
	// payment is opened, never a second one.
	Key string
	// ReturnURL is where the browser comes back.
	ReturnURL string
	ClientIP  string
	// Lang is "vi" or "en".
	Lang string
}

// Pay takes money. The portal has checked that the person may: a payer is the
// owner, a cashier is granted [StepCash]. Both return within the deadline of ctx.
type Pay interface {
	// Begin returns the address of the gateway's page.
	Begin(ctx context.Context, who *identity.Person, p *Payment) (redirect string, err error)
	// Cash books the whole fee as paid at the counter. Repeated with its key it
	// changes nothing.
	Cash(ctx context.Context, who *identity.Person, dossier workflow.DossierID, key string) error
}

// Refresher is what a [Pay] may have too: Refresh asks the gateways now how the
// fee of a dossier stands, for a person who presses "check again".
type Refresher interface {
	Refresh(ctx context.Context, dossier workflow.DossierID) error
}

// Exceptions is what a [Pay] may have too: it closes what about a dossier's money
// needs a person. The portal has checked that the person is granted [StepCash].
type Exceptions interface {
	// RetryException tries again the move of a dossier whose money is in, and
	// reports whether that closed the exception.
	RetryException(ctx context.Context, who *identity.Person, dossier workflow.DossierID, exception string) (done bool, err error)
	// ResolveException closes an exception with a note, 1 to 500 bytes, of what
	// was done outside.
	ResolveException(ctx context.Context, who *identity.Person, dossier workflow.DossierID, exception, note string) error
}

// StepCash is taking a fee in cash, in the permission table.
const StepCash = "take_cash"

// Verify judges an uploaded file; [esign.Verify] with its options bound is one. It
// keeps nothing of the file.
type Verify func(ctx context.Context, r io.ReaderAt, size int64) (*esign.Report, error)
