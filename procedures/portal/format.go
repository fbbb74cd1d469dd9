package portal

import (
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"github.com/motcua/motcua/procedures"
)

const nbsp = "\u00a0"

// formats write values as people of a language read them.
type formats struct{ english bool }

// day is 24/11/2026, in English 24 November 2026; empty for the zero time.
func (f formats) day(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	if f.english {
		return t.In(procedures.Zone).Format("2 January 2006")
	}
	return t.In(procedures.Zone).Format("02/01/2006")
}

// moment is 09:30 24/11/2026.
func (f formats) moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(procedures.Zone).Format("15:04") + nbsp + f.day(t)
}

// when is moment, marked up for programs.
func (f formats) when(t time.Time) template.HTML {
	if t.IsZero() {
		return ""
	}
	// Nothing here comes from people: both texts are made of digits and months.
	return template.HTML(fmt.Sprintf("<time datetime=%q>%s</time>", //nolint:gosec // see above
		t.In(procedures.Zone).Format(time.RFC3339), f.moment(t)))
}

// dong is 1.234.567 đ.
func (f formats) dong(n int64) string {
	if f.english {
		return "VND" + nbsp + f.number(n)
	}
	return f.number(n) + nbsp + "đ"
}

func (f formats) number(n int64) string {
	mark := "."
	if f.english {
		mark = ","
	}
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + mark + s[i:]
	}
	return sign + s
}

// size is 214 KB or 1,5 MB, rounded up.
func (f formats) size(n int64) string {
	if n < 1<<20 {
		return f.number((n+1023)>>10) + nbsp + "KB"
	}
	s := strconv.FormatFloat(float64((n*10+(1<<20)-1)>>20)/10, 'f', -1, 64)
	if !f.english {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s + nbsp + "MB"
}
