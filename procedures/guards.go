package procedures

import (
	"encoding/json"
	"regexp"

	"github.com/motcua/motcua/workflow"
)

// Names of the guards the package provides.
const (
	// GuardScanFixed passes when the body names the scan by its SHA-256 and its page count.
	GuardScanFixed = "scan_fixed"
	// GuardPaperNotExcluded passes when the body says that the paper is none of
	// those which must not be certified (Decree 23/2015/NĐ-CP, Art. 22).
	GuardPaperNotExcluded = "paper_not_excluded"
)

// Comparison is what the body of a comparison holds, beside what the desk adds.
type Comparison struct {
	Scan     string `json:"scan"`     // SHA-256 of the scan, 64 hex digits
	Pages    int    `json:"pages"`    // pages of the original, from 1
	Excluded *bool  `json:"excluded"` // false: the official has checked that the paper is not excluded
}

var hexDigest = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Guards are the pure conditions behind [StandardBindings], for
// [workflow.Bindings]. The caller owns the map and may add its own.
func Guards() map[string]workflow.Guard {
	return map[string]workflow.Guard{
		GuardScanFixed:        scanFixed,
		GuardPaperNotExcluded: paperNotExcluded,
	}
}

func scanFixed(in workflow.GuardInput) *workflow.Reason {
	var c Comparison
	if json.Unmarshal(in.Body, &c) != nil || !hexDigest.MatchString(c.Scan) || c.Pages < 1 {
		return &workflow.Reason{
			Code: GuardScanFixed,
			VI:   "Chưa có bản quét để đối chiếu. Tải bản quét lên và xác nhận số trang.",
			EN:   "There is no scan to compare. Upload the scan and confirm its page count.",
		}
	}
	return nil
}

func paperNotExcluded(in workflow.GuardInput) *workflow.Reason {
	var c Comparison
	if json.Unmarshal(in.Body, &c) != nil || c.Excluded == nil || *c.Excluded {
		return &workflow.Reason{
			Code: GuardPaperNotExcluded,
			VI:   "Chưa xác nhận giấy tờ không thuộc trường hợp không được chứng thực. Xem lại bản chính rồi xác nhận.",
			EN:   "Nobody has confirmed that the paper may be certified. Look at the original again and confirm.",
		}
	}
	return nil
}
