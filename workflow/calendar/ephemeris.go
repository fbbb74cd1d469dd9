package calendar

import "math"

// sunLongitude is the apparent longitude of the sun in degrees [0, 360) at a Julian ephemeris day, good
// to 0.01 degree (J. Meeus, Astronomical Algorithms, 2nd ed., chapter 25).
func sunLongitude(jde float64) float64 {
	t := (jde - 2451545) / 36525
	mean := 280.46646 + t*(36000.76983+t*0.0003032)
	m := rad(357.52911 + t*(35999.05029-t*0.0001537))
	centre := (1.914602-t*(0.004817+t*0.000014))*math.Sin(m) +
		(0.019993-t*0.000101)*math.Sin(2*m) + 0.000289*math.Sin(3*m)
	apparent := mean + centre - 0.00569 - 0.00478*math.Sin(rad(125.04-1934.136*t))
	return math.Mod(math.Mod(apparent, 360)+360, 360)
}

// moonTerm is one periodic term of the time of new moon: amplitude in days, power of the eccentricity
// factor E, and multiples of the sun's anomaly, the moon's anomaly and the moon's argument of latitude.
type moonTerm struct {
	days     float64
	e        int
	m, mp, f float64
}

// newMoonTerms and planetTerms are the tables of Meeus, chapter 49.
var newMoonTerms = [...]moonTerm{
	{-0.40720, 0, 0, 1, 0}, {0.17241, 1, 1, 0, 0}, {0.01608, 0, 0, 2, 0}, {0.01039, 0, 0, 0, 2},
	{0.00739, 1, -1, 1, 0}, {-0.00514, 1, 1, 1, 0}, {0.00208, 2, 2, 0, 0}, {-0.00111, 0, 0, 1, -2},
	{-0.00057, 0, 0, 1, 2}, {0.00056, 1, 1, 2, 0}, {-0.00042, 0, 0, 3, 0}, {0.00042, 1, 1, 0, 2},
	{0.00038, 1, 1, 0, -2}, {-0.00024, 1, -1, 2, 0}, {-0.00007, 0, 2, 1, 0}, {0.00004, 0, 0, 2, -2},
	{0.00004, 0, 3, 0, 0}, {0.00003, 0, 1, 1, -2}, {0.00003, 0, 0, 2, 2}, {-0.00003, 0, 1, 1, 2},
	{0.00003, 0, -1, 1, 2}, {-0.00002, 0, -1, 1, -2}, {-0.00002, 0, 1, 3, 0}, {0.00002, 0, 0, 4, 0},
}

var planetTerms = [...]struct{ days, at, rate float64 }{
	{0.000325, 299.77, 0.107408}, {0.000165, 251.88, 0.016321}, {0.000164, 251.83, 26.651886},
	{0.000126, 349.42, 36.412478}, {0.000110, 84.66, 18.206239}, {0.000062, 141.74, 53.303771},
	{0.000060, 207.14, 2.453732}, {0.000056, 154.84, 7.306860}, {0.000047, 34.52, 27.261239},
	{0.000042, 207.19, 0.121824}, {0.000040, 291.34, 1.844379}, {0.000037, 161.72, 24.198154},
	{0.000035, 239.56, 25.513099}, {0.000023, 331.55, 3.592518},
}

// newMoon is the Julian ephemeris day of new moon k, counted from that of 6 January 2000, good to about
// 20 seconds (Meeus, chapter 49).
func newMoon(k float64) float64 {
	t := k / 1236.85
	e := 1 - t*(0.002516+t*0.0000074)
	m := rad(2.5534 + 29.10535670*k - t*t*(0.0000014+t*0.00000011))
	mp := rad(201.5643 + 385.81693528*k + t*t*(0.0107582+t*(0.00001238-t*0.000000058)))
	f := rad(160.7108 + 390.67050284*k - t*t*(0.0016118+t*(0.00000227-t*0.000000011)))
	node := rad(124.7746 - 1.56375588*k + t*t*(0.0020672+t*0.00000215))

	jde := 2451550.09766 + 29.530588861*k + t*t*(0.00015437-t*(0.000000150-t*0.00000000073))
	jde -= 0.00017 * math.Sin(node)
	for _, term := range newMoonTerms {
		jde += term.days * math.Pow(e, float64(term.e)) * math.Sin(term.m*m+term.mp*mp+term.f*f)
	}
	for i, term := range planetTerms {
		arg := term.at + term.rate*k
		if i == 0 {
			arg -= 0.009173 * t * t
		}
		jde += term.days * math.Sin(rad(arg))
	}
	return jde
}

func rad(deg float64) float64 { return math.Mod(deg, 360) * math.Pi / 180 }
