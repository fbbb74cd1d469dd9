package calendar

import "testing"

func BenchmarkLoadNational(b *testing.B) {
	for b.Loop() {
		if _, err := Load(nationalYAML); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkScheduleDay(b *testing.B) {
	s := National().For(nil)
	b.ReportAllocs()
	d := NewDate(2026, 1, 1)
	for b.Loop() {
		if _, err := s.Day(d); err != nil {
			b.Fatal(err)
		}
		if d++; d.Year() > 2026 {
			d = NewDate(2026, 1, 1)
		}
	}
}
