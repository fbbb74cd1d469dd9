package driver

import (
	"context"
	"io"
	"iter"
	"time"
)

// Gateway is what every adapter implements.
type Gateway interface {
	// Start opens a payment (giao dịch thanh toán) at the gateway and says where
	// the payer goes. It obeys rules S1, S2 and S3. It must not keep the Intent.
	Start(context.Context, *Intent) (*Started, error)

	// ErrorCode classifies an error that this adapter returned (rule E1). It is
	// called with raw and with wrapped errors; an error it does not know is
	// CodeUnknown.
	ErrorCode(error) Code
}

// Notified is implemented by a gateway that tells the outcome by calling us.
// Without it package payment answers that gateway's callback address with 404.
type Notified interface {
	// Parse verifies and reads one notice. It obeys rules N1 to N4 and R1 to R3.
	Parse(context.Context, *Raw) (*Report, error)

	// Ack is the answer that tells the gateway our verdict (rule N5).
	Ack(Verdict) Ack
}

// Poller is implemented by a gateway that can be asked. Without it an outcome
// that never came stays open until a statement or a person settles it, and
// package payment raises an exception about it.
type Poller interface {
	// Poll asks how the payment with this reference stands. created is
	// Intent.Created of that payment; some gateways look up by day. It obeys
	// rules P1, P2 and R1 to R3.
	Poll(ctx context.Context, ref string, created time.Time) (*Report, error)
}

// Reconciled is implemented by a gateway that sends settlement files (đối soát).
// Without it payment.Service.Reconcile answers ErrUnsupported.
type Reconciled interface {
	// Statement reads a settlement file row by row. A row that cannot be read
	// yields an error and reading goes on: one bad row must not hide the others.
	// After an error of the reader itself the sequence ends.
	Statement(context.Context, io.Reader) iter.Seq2[Report, error]
}

// Account is implemented by a gateway whose reports name a merchant. Without it
// package payment expects Report.Merchant to be empty.
type Account interface {
	// Merchant is the merchant id (mã đơn vị chấp nhận thanh toán) that payments
	// started by this adapter belong to. It never changes.
	Merchant() string
}

// Intent is one payment to be opened.
type Intent struct {
	// Ref names the payment at the gateway and comes back in every Report. It has
	// 1 to 40 characters of A-Z, a-z, 0-9, '-' and is never used twice.
	Ref string
	// Amount is in whole đồng, at least 1.
	Amount int64
	// Currency is "VND".
	Currency string
	// Text is shown to the payer: 1 to 120 characters of A-Z, a-z, 0-9, space and
	// . : _ - only, because gateways disagree about how to encode the others. It
	// holds no personal data.
	Text string
	// PayerIP is the payer's network address, where the gateway asks for it.
	PayerIP string
	// ReturnURL is where the browser comes back. What it says there settles
	// nothing.
	ReturnURL string
	// Locale is "vi" or "en".
	Locale string
	// Created is in whole seconds; a repeated Start carries the same value.
	Created time.Time
	// Expires is when the payer can no longer pay.
	Expires time.Time
}

// Started is an opened payment.
type Started struct {
	// URL is the page the payer's browser goes to; empty when there is none.
	URL string
	// Text tells the payer what to do when there is no page to go to, such as
	// the account and the memo of a bank transfer.
	Text string
	// GatewayRef is the gateway's own id, when it gives one this early.
	GatewayRef string
}

// Raw is a notice exactly as received: nothing decoded, sorted or re-encoded.
type Raw struct {
	Method, Query string
	Header        map[string][]string
	Body          []byte
}

// Report is what a gateway says about one payment.
type Report struct {
	// Ref is Intent.Ref; GatewayRef the gateway's own id of the money movement.
	Ref, GatewayRef string
	// Merchant is the merchant id the report names; empty if the protocol has none.
	Merchant string
	// Currency is the ISO 4217 code, "VND" where the protocol has no other.
	Currency string
	// Amount is in whole đồng: what was paid, or was to be paid.
	Amount int64
	// PaidAt is when the gateway took the money; zero unless Outcome is Paid.
	PaidAt time.Time
	// Outcome is Unknown unless the gateway clearly says otherwise.
	Outcome Outcome
}

// Ack is the answer to a notice.
type Ack struct {
	// Status is the HTTP status.
	Status int
	// ContentType is the media type of Body; empty when there is no body.
	ContentType string
	// Body is sent as it is.
	Body []byte
}
