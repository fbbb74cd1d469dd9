package identity

import (
	"slices"
	"strings"
)

// Decision is the answer of Policy.Can. The zero Decision denies.
type Decision struct {
	Allowed bool
	// What an allowed decision rests on.
	Grant    string // Grant.ID
	Role     string
	Unit     string // unit of the post; "" for a citizen
	Decision string // the personnel decision behind the post
	// Set when the person acts for another by delegation: its ID, whom for, and
	// the form that decides the line above the signature.
	Delegation, OnBehalf, Form string
	// Reasons say why it is denied, the nearest first; none when allowed.
	Reasons []Reason
}

// WhyNot returns the first reason of a denial, nil when allowed.
func (d *Decision) WhyNot() *Reason {
	if d.Allowed {
		return nil
	}
	if len(d.Reasons) == 0 {
		return &Reason{Code: "denied", VI: "Không được phép.", EN: "Not permitted."}
	}
	return &d.Reasons[0]
}

func denied(r Reason) Decision { return Decision{Reasons: []Reason{r}} }

// miss says how near a person came to a grant; the nearest miss is told.
type miss int

const (
	missRole miss = iota + 1
	missDate
	missUnit
	missAssurance
)

func (m miss) reason(grants []Grant) Reason {
	roles := rolesOf(grants)
	switch m {
	case missDate:
		return Reason{
			Code: "post_not_in_force",
			VI:   "Chức vụ hoặc ủy quyền cho phép việc này không có hiệu lực vào ngày đó.",
			EN:   "The post or delegation that would permit this is not in force on that day.",
		}
	case missUnit:
		return Reason{
			Code: "other_unit",
			VI:   "Hồ sơ thuộc đơn vị khác, ngoài phạm vi của chức vụ.",
			EN:   "The work belongs to another unit, beyond the reach of the post.",
		}
	case missAssurance:
		return Reason{
			Code: "assurance_too_low",
			VI:   "Cần đăng nhập bằng tài khoản định danh điện tử mức cao hơn.",
			EN:   "Sign in with an electronic identification account of a higher level.",
		}
	case missRole:
	}
	return Reason{
		Code: "role_missing",
		VI:   "Cần vai trò: " + roles + ".",
		EN:   "This needs one of the roles: " + roles + ".",
	}
}

func rolesOf(grants []Grant) string {
	var roles []string
	for i := range grants {
		roles = append(roles, grants[i].Role)
	}
	slices.Sort(roles)
	return strings.Join(slices.Compact(roles), ", ")
}

var reasonNobody = Reason{
	Code: "not_signed_in",
	VI:   "Cần đăng nhập.",
	EN:   "Sign in first.",
}

var reasonUnknownOfficial = Reason{
	Code: "official_without_post",
	VI:   "Người này không giữ chức vụ nào trong danh bạ vào ngày đó.",
	EN:   "The directory lists no post of this person on that day.",
}

func reasonNoGrant(step string) Reason {
	return Reason{
		Code: "step_not_granted",
		VI:   "Không vai trò nào được giao bước \"" + step + "\" vào ngày đó.",
		EN:   "No role is granted the step \"" + step + "\" on that day.",
	}
}

func reasonUnknownUnit(unit string) Reason {
	return Reason{
		Code: "unit_unknown",
		VI:   "Danh bạ không có đơn vị " + unit + " vào ngày đó.",
		EN:   "The directory has no unit " + unit + " on that day.",
	}
}
