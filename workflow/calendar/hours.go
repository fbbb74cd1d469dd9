package calendar

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Span is a stretch of one day in which a unit is open: [From, To). Its text form is 07:30-11:30.
type Span struct{ From, To Minute }

// ParseSpan reads 07:30-11:30.
func ParseSpan(s string) (Span, error) {
	from, to, ok := strings.Cut(s, "-")
	f, okFrom := parseMinute(strings.TrimSpace(from))
	t, okTo := parseMinute(strings.TrimSpace(to))
	if !ok || !okFrom || !okTo {
		return Span{}, fmt.Errorf("span %.20q is not of the form 07:30-11:30", s)
	}
	return Span{f, t}, nil
}

// String is 07:30-11:30.
func (s Span) String() string { return s.From.String() + "-" + s.To.String() }

// Minutes is the length of the span.
func (s Span) Minutes() int { return int(s.To - s.From) }

// MarshalText writes 07:30-11:30.
func (s Span) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads 07:30-11:30.
func (s *Span) UnmarshalText(b []byte) error {
	v, err := ParseSpan(string(b))
	if err == nil {
		*s = v
	}
	return err
}

// DayHours are the hours of one weekday.
type DayHours struct {
	Spans []Span `json:"spans,omitempty"` // in order, not overlapping; none = closed

	// ReceptionOnly marks hours in which dossiers are received but no term runs, as of a counter that
	// opens on Saturday morning while the offices behind it rest.
	ReceptionOnly bool `json:"reception_only,omitempty"`
}

// A Period is a timetable in force from a date until the next period begins.
type Period struct {
	From  Date        `json:"from,omitzero"` // zero in the first period: from ever
	Basis string      `json:"basis,omitempty"`
	Week  [7]DayHours `json:"week"` // indexed by time.Weekday, Sunday first
}

// Hours are the working hours (giờ làm việc) of one unit: what its own decision says, with dates of
// validity. A Hours is immutable and may be used concurrently. Build one with [ParseHours] or [NewHours].
type Hours struct {
	periods []period
	version string
}

// period is a Period ready to be asked.
type period struct {
	Period
	plans [7]plan
}

// plan holds a weekday's spans, whole and halved at noon, so that a question allocates nothing.
type plan struct{ whole, morning, afternoon []Span }

func (p plan) of(k Kind, h Half) []Span {
	switch {
	case k != HalfDay:
		return p.whole
	case h == Afternoon:
		return p.afternoon
	default:
		return p.morning
	}
}

// NewHours checks periods and makes them a unit's hours. The error is an *[InvalidError] that names every
// problem and its remedy.
func NewHours(periods ...Period) (*Hours, error) {
	return newHours(periods, National().limits)
}

func newHours(periods []Period, l limits) (*Hours, error) {
	if err := checkHours(periods, l); err != nil {
		return nil, err
	}
	h := &Hours{periods: make([]period, len(periods))}
	for i, p := range periods {
		h.periods[i].Period = p
		for w := range p.Week {
			p.Week[w].Spans = slices.Clone(p.Week[w].Spans)
			h.periods[i].Week[w] = p.Week[w]
			h.periods[i].plans[w] = newPlan(p.Week[w].Spans)
		}
	}
	h.version = digest(periods)
	return h, nil
}

const noon = 12 * 60

func newPlan(spans []Span) plan {
	p := plan{whole: spans}
	for _, s := range spans {
		if s.From < noon {
			p.morning = append(p.morning, Span{s.From, min(s.To, noon)})
		}
		if s.To > noon {
			p.afternoon = append(p.afternoon, Span{max(s.From, noon), s.To})
		}
	}
	return p
}

// Periods are the timetables, the oldest first. The result is the caller's.
func (h *Hours) Periods() []Period {
	out := make([]Period, len(h.periods))
	for i, p := range h.periods {
		out[i] = p.Period
		for w := range out[i].Week {
			out[i].Week[w].Spans = slices.Clone(p.Week[w].Spans)
		}
	}
	return out
}

// Version identifies the content of the hours: equal hours have equal versions.
func (h *Hours) Version() string { return h.version }

// on is the timetable in force on d.
func (h *Hours) on(d Date) (*period, error) {
	for i := len(h.periods) - 1; i >= 0; i-- {
		if p := &h.periods[i]; p.From.IsZero() || p.From <= d {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%w: the unit's hours begin on %s, after %s (add the earlier period, or drop \"from\" of the first)",
		ErrOutOfRange, h.periods[0].From, d)
}

// substitute is the weekday whose hours a worked rest day borrows: that of the day it replaces, or the
// first weekday, from Monday, on which the unit works.
func (p *period) substitute(of Date) time.Weekday {
	if w := of.Weekday(); !of.IsZero() && p.works(w) {
		return w
	}
	for w := time.Monday; w <= time.Saturday; w++ {
		if p.works(w) {
			return w
		}
	}
	return time.Sunday
}

func (p *period) works(w time.Weekday) bool {
	return len(p.Week[w].Spans) > 0 && !p.Week[w].ReceptionOnly
}

// digest is a short fingerprint of data that marshals to JSON.
func digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic("calendar: " + err.Error()) // the types here always marshal
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:6])
}
