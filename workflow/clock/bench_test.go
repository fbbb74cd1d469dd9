package clock

import (
	"testing"

	"github.com/motcua/motcua/workflow/calendar"
)

func BenchmarkReckon(b *testing.B) {
	s := calendar.National().For(nil)
	received := instant(b, "2026-10-08 10:00")
	for _, term := range []Term{certified, days(15), hours(40), {Kind: Months, Units: 1}} {
		b.Run(string(term.Kind), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Start(term, received, s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
