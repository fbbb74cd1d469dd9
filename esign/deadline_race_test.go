//go:build race

package esign_test

import "time"

// deadline leaves room for the race detector, under which everything takes about ten times as long.
const deadline = 20 * time.Second
