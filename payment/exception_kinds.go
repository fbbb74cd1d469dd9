package payment

// ExceptionKind says what a person must look at. The texts are stored and never
// change.
type ExceptionKind string

// The kinds.
const (
	// MoveRefused: the money is in and the application's move was refused.
	// RetryException tries it again.
	MoveRefused ExceptionKind = "move_refused"
	// OverPaid: a second attempt paid a settled charge. Give it back.
	OverPaid ExceptionKind = "over_paid"
	// PaidAfterCancel: a cancelled charge was paid. Give it back.
	PaidAfterCancel ExceptionKind = "paid_after_cancel"
	// AmountMismatch: another amount was paid than was asked for.
	AmountMismatch ExceptionKind = "amount_mismatch"
	// CurrencyMismatch: another currency was paid.
	CurrencyMismatch ExceptionKind = "currency_mismatch"
	// MerchantMismatch: the gateway says the money went to another merchant.
	MerchantMismatch ExceptionKind = "merchant_mismatch"
	// UnknownReference: money came for a reference that was never given out.
	UnknownReference ExceptionKind = "unknown_reference"
	// HeldBack: the gateway took the money and holds it.
	HeldBack ExceptionKind = "held_back"
	// Contradiction: after "paid" the gateway says something else.
	Contradiction ExceptionKind = "contradiction"
	// Unresolved: the outcome did not come in time.
	Unresolved ExceptionKind = "unresolved"
)

// Reason is the kind in plain words.
func (k ExceptionKind) Reason() Reason {
	r := Reason{Code: string(k)}
	switch k {
	case MoveRefused:
		r.VI, r.EN = "Đã thu tiền nhưng hồ sơ không chuyển bước được", "Paid, but the dossier could not move on"
	case OverPaid:
		r.VI, r.EN = "Nộp thừa: khoản này đã được nộp trước đó", "Paid twice: this charge was settled before"
	case PaidAfterCancel:
		r.VI, r.EN = "Nộp tiền sau khi khoản phải nộp đã hủy", "Paid after the charge was cancelled"
	case AmountMismatch:
		r.VI, r.EN = "Số tiền nộp không khớp số phải nộp", "The amount paid is not the amount owed"
	case CurrencyMismatch:
		r.VI, r.EN = "Loại tiền không khớp", "Paid in another currency"
	case MerchantMismatch:
		r.VI, r.EN = "Tiền được báo về một đơn vị khác", "Reported for another merchant"
	case UnknownReference:
		r.VI, r.EN = "Không tìm thấy khoản phải nộp của giao dịch này", "No charge belongs to this transaction"
	case HeldBack:
		r.VI, r.EN = "Cổng thanh toán đang giữ tiền để kiểm tra", "The gateway holds the money for a check"
	case Contradiction:
		r.VI, r.EN = "Cổng thanh toán báo trái với lần báo trước", "The gateway contradicts what it said before"
	case Unresolved:
		r.VI, r.EN = "Quá hạn mà chưa rõ kết quả giao dịch", "The outcome did not come in time"
	}
	return r
}

// Retryable says whether RetryException can mend it.
func (k ExceptionKind) Retryable() bool { return k == MoveRefused }
