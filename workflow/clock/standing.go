package clock

import (
	"fmt"
	"time"

	"github.com/motcua/motcua/workflow/calendar"
)

// A State says how a dossier stands against its due date.
type State string

// The states of a clock at a moment.
const (
	Running State = "running"   // còn hạn
	LastDay State = "due_today" // đến hạn hôm nay
	Overdue State = "overdue"   // quá hạn
	Stopped State = "stopped"   // tạm dừng
)

// A Standing is how a dossier stands at a moment, for lists and badges.
type Standing struct {
	State State `json:"state"`

	// Days are the working days until the due date, or since it when overdue: 0 on the due date itself.
	// Minutes are the working minutes until Due, or since it. Both are 0 when stopped.
	Days    int `json:"days"`
	Minutes int `json:"minutes"`

	Text calendar.Reason `json:"text"` // "còn 3 ngày làm việc"
}

// At is how the dossier stands at an instant, by the working time of s. The last minute of the term is
// still in time; seconds are dropped.
func (r *Reckoning) At(now time.Time, s *calendar.Schedule) (Standing, error) {
	now = minute(now)
	if r.Due.IsZero() {
		text := suspended(r.Ledger.stopReason())
		text.Code = string(Stopped)
		return Standing{State: Stopped, Text: text}, nil
	}
	from, to := now, r.Due
	st := Standing{State: Running}
	if now.After(r.Due) {
		from, to, st.State = r.Due, now, Overdue
	}
	var err error
	if st.Days, err = s.WorkingDays(calendar.DateOf(from), calendar.DateOf(to)); err != nil {
		return Standing{}, err
	}
	if st.Minutes, err = s.WorkingMinutes(from, to); err != nil {
		return Standing{}, err
	}
	if st.State == Running && calendar.DateOf(now) == calendar.DateOf(r.Due) {
		st.State = LastDay
	}
	st.Text = st.text(r.Due)
	return st, nil
}

func (st Standing) text(due time.Time) calendar.Reason {
	r := calendar.Reason{Code: string(st.State)}
	switch days, en := fmt.Sprintf("%d ngày làm việc", st.Days), plural(st.Days, "working day"); {
	case st.State == LastDay:
		r.VI, r.EN = "đến hạn hôm nay "+calendar.MinuteOf(due).String(), "due today "+calendar.MinuteOf(due).String()
	case st.State == Running:
		r.VI, r.EN = "còn "+days, en+" left"
	case st.Days > 0:
		r.VI, r.EN = "quá hạn "+days, en+" overdue"
	case st.Minutes > 0:
		r.VI, r.EN = "quá hạn "+lengthVI(st.Minutes), lengthEN(st.Minutes)+" overdue"
	default: // the term ended at closing time and no working time has passed since
		r.VI, r.EN = "quá hạn", "overdue"
	}
	return r
}
