//go:build !race

package esign_test

import "time"

// deadline is what one file may take.
const deadline = 2 * time.Second
