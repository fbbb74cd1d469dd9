package payment

// FeeKind says which law a fee follows; each kind gets a receipt of its own.
type FeeKind string

// The kinds, by the Law on Fees and Charges (Luật Phí và lệ phí 97/2015/QH13).
const (
	// Phi is phí: it pays for a service.
	Phi FeeKind = "phi"
	// LePhi is lệ phí: a fixed amount for a State act.
	LePhi FeeKind = "le_phi"
)

// FeeKinds lists the kinds in the order of their receipts.
func FeeKinds() []FeeKind { return []FeeKind{Phi, LePhi} }

// VI is the official term: phí or lệ phí.
func (k FeeKind) VI() string {
	switch k {
	case Phi:
		return "phí"
	case LePhi:
		return "lệ phí"
	}
	return ""
}

// FeeLine is one fee (khoản thu) of a charge.
type FeeLine struct {
	Kind FeeKind `json:"kind"`
	// Code names the fee for accounts: 1 to 40 of a-z, 0-9, '_', '.', '-'.
	Code string `json:"code"`
	// Name is for people, up to 200 characters.
	Name string `json:"name"`
	// Amount is in đồng, at least 1.
	Amount Dong `json:"amount"`
}
