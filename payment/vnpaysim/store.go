package vnpaysim

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Transaction is one payment as the simulator keeps and lists it.
type Transaction struct {
	// Terminal and Ref and Created (yyyyMMddHHmmss, +07) are the merchant's.
	Terminal, Ref, Created string
	// Token names the transaction on the payer's page.
	Token string
	// Amount is vnp_Amount as asked for, Paid what was paid: đồng × 100.
	Amount, Paid int64
	Info         string
	ReturnURL    string
	Expires      string
	// Number is vnp_TransactionNo, 0 until the payer has decided.
	Number int64
	// Status and Response are VNPAY's codes; PaidAt is yyyyMMddHHmmss.
	Status, Response, PaidAt string
	Behave                   Behaviour
	// Left counts notices still to be confirmed, Tries those sent so far, and
	// NextUS is when the next one is due, in UTC microseconds.
	Left, Tries int
	NextUS      int64
	// Answers are the codes heard, in order.
	Answers []string
}

func (t *Transaction) key() string { return key(t.Terminal, t.Ref, t.Created) }

// key follows VNPAY: a reference is unique within a terminal and a day.
func key(terminal, ref, created string) string {
	return terminal + "|" + ref + "|" + created[:min(8, len(created))]
}

func (s *Sim) file(t *Transaction) string {
	sum := sha256.Sum256([]byte(t.key()))
	return filepath.Join(s.dir, hex.EncodeToString(sum[:16])+".json")
}

// save writes a transaction so that it is whole or not there after a crash.
func (s *Sim) save(t *Transaction) (err error) {
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(s.dir, "new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(tmp.Name()))
		}
	}()
	_, err = tmp.Write(data)
	if err == nil {
		err = tmp.Sync()
	}
	if err = errors.Join(err, tmp.Close()); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), s.file(t))
}

func (s *Sim) load() error {
	files, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(s.dir, f.Name())
		if strings.HasPrefix(f.Name(), "new-") { // left by a crash before its rename
			if err := os.Remove(name); err != nil {
				return err
			}
			continue
		}
		if filepath.Ext(name) != ".json" {
			continue
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var t Transaction
		if err := json.Unmarshal(data, &t); err != nil {
			return fmt.Errorf("vnpaysim: %s is not a transaction (remove it to go on): %w", name, err)
		}
		s.add(&t)
	}
	return nil
}

func (s *Sim) add(t *Transaction) {
	s.byKey[t.key()] = t
	s.byToken[t.Token] = t
	s.number = max(s.number, t.Number)
}
