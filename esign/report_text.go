package esign

import (
	"fmt"
	"time"
)

// Exit is what a command ends with: 0 valid, 1 invalid, 2 indeterminate, 3 unreadable or unsigned.
func (r *Report) Exit() int {
	if r.State != Signed {
		return 3
	}
	switch r.Verdict {
	case Valid:
		return 0
	case Indeterminate:
		return 2
	}
	return 1
}

// vietnamTime is the zone in which times are shown, whatever the process's own.
var vietnamTime = time.FixedZone("+07", 7*3600)

// Lines puts a report into words for a terminal or a letter, Vietnamese when vi is set, else English: the verdict first,
// then each signature with who, when, and everything that is to be said about it.
func (r *Report) Lines(vi bool) []string {
	say := func(x Reason) string {
		if vi {
			return x.VI
		}
		return x.EN
	}
	out := []string{word(r.State, r.Verdict, vi) + ": " + say(r.Reason)}
	if r.State != Signed || len(r.Signers) == 0 {
		return out
	}
	for i := range r.Signers {
		s := &r.Signers[i]
		out = append(out, fmt.Sprintf("%d. %s – %s: %s", i+1, s.Field, s.who(vi), word(Signed, s.Verdict, vi)))
		if s.Verdict != Valid {
			out = append(out, "   "+say(s.Reason))
		}
		if !s.Time.IsZero() {
			at := s.Time.In(vietnamTime).Format("02/01/2006 15:04:05 -07:00")
			out = append(out, "   "+pick(vi, "Thời điểm ký: ", "Time of signing: ")+at)
		}
		for _, x := range append(s.Changes[:len(s.Changes):len(s.Changes)], s.Notes...) {
			if x != s.Reason {
				out = append(out, "   "+say(x))
			}
		}
		if s.Revision > 0 && s.Revision < r.Size {
			text := pick(vi, "   Phiên bản đã ký: %d byte đầu của tệp.", "   What was signed: the first %d bytes of the file.")
			out = append(out, fmt.Sprintf(text, s.Revision))
		}
	}
	return append(out, say(r.Revocation))
}

func (s *Signature) who(vi bool) string {
	switch {
	case s.Signer == "":
		return pick(vi, "không rõ người ký", "signer unknown")
	case s.Kind == KindTimestamp:
		return pick(vi, "dấu thời gian của ", "time stamp by ") + s.Signer
	}
	return s.Signer
}

func pick(vi bool, a, b string) string {
	if vi {
		return a
	}
	return b
}

func word(s State, v Verdict, vi bool) string {
	switch {
	case s == Unsigned:
		return pick(vi, "KHÔNG CÓ CHỮ KÝ", "UNSIGNED")
	case s == Unreadable:
		return pick(vi, "KHÔNG ĐỌC ĐƯỢC", "UNREADABLE")
	case v == Valid:
		return pick(vi, "HỢP LỆ", "VALID")
	case v == Indeterminate:
		return pick(vi, "CHƯA XÁC ĐỊNH", "INDETERMINATE")
	}
	return pick(vi, "KHÔNG HỢP LỆ", "INVALID")
}
