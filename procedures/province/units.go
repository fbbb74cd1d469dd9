package province

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/motcua/motcua/identity"
	"github.com/motcua/motcua/identity/directory"
	"github.com/motcua/motcua/procedures"
	"github.com/motcua/motcua/procedures/desk"
	"github.com/motcua/motcua/workflow/calendar"
)

// Units shows the directory to the desk: offices as they are on a day, with the
// office that continues one which has ended.
type Units struct {
	live *directory.Live
	log  *zap.Logger
}

// NewUnits returns the view. A nil logger means none.
func NewUnits(live *directory.Live, log *zap.Logger) *Units {
	if log == nil {
		log = zap.NewNop()
	}
	return &Units{live, log}
}

// UnitAt implements [desk.Units].
func (u *Units) UnitAt(code string, t time.Time) (desk.Unit, bool) {
	d := u.live.Directory()
	heir, ok := d.Heir(code, t)
	if !ok {
		return desk.Unit{}, false
	}
	unit, ok := d.Unit(heir, t)
	if !ok {
		return desk.Unit{}, false
	}
	return u.office(d, unit, t), true
}

func (u *Units) office(d *directory.Directory, unit *directory.Unit, t time.Time) desk.Unit {
	out := desk.Unit{Code: unit.Code, Name: text(unit.Name), Address: unit.Address.VI, Phone: unit.Phone}
	if parent, ok := d.Unit(unit.Parent, t); ok {
		out.Agency = text(parent.Name)
	}
	if unit.Hours != "" {
		hours, err := calendar.ParseHours([]byte(unit.Hours))
		if err != nil { // the directory's check has named it; the general timetable holds meanwhile
			u.log.Warn("unit has unreadable hours", zap.String("unit", unit.Code), zap.Error(err))
		}
		out.Hours = hours
	}
	return out
}

func text(t identity.Text) procedures.Text {
	return procedures.Text{VI: t.VI, EN: cmp.Or(t.EN, t.VI)}
}

// Offering implements [desk.Units]: every commune's committee of the day
// receives, in the order of names.
func (u *Units) Offering(_ string, t time.Time) []desk.Unit {
	d := u.live.Directory()
	var out []desk.Unit
	for _, unit := range d.Units(t) {
		if unit.Level == "commune" && unit.Kind == "committee" {
			out = append(out, u.office(d, unit, t))
		}
	}
	slices.SortFunc(out, func(x, y desk.Unit) int { return strings.Compare(identity.Fold(x.Name.VI), identity.Fold(y.Name.VI)) })
	return out
}
