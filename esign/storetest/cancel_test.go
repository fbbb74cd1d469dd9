package storetest

import (
	"context"
	"database/sql"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/motcua/motcua/esign"
	"github.com/motcua/motcua/workflow/sqlkit"
	"github.com/motcua/motcua/workflow/sqlkit/migrate"
)

func TestCancel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("p", phone))
		require.NoError(t, err)
		_, err = s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p"})
		require.NoError(t, err)
		cancel := func(key, reason string) error {
			return s.Cancel(t.Context(), &esign.CancelRequest{Key: key, Reason: reason})
		}
		require.ErrorIs(t, cancel("p", ""), esign.ErrInvalid)
		require.ErrorIs(t, cancel("q", "nhầm"), esign.ErrNotFound)
		require.NoError(t, cancel("p", "Bản quét thiếu trang"))
		require.NoError(t, cancel("p", "Bản quét thiếu trang"))
		require.ErrorIs(t, cancel("p", "lý do khác"), esign.ErrConflict)
		w.decide(true)
		for _, again := range []bool{false, true} {
			p, err := s.Advance(t.Context(), &esign.AdvanceRequest{Key: "p", Again: again})
			require.NoError(t, err)
			require.Equal(t, esign.StageCancelled, p.Stage)
			require.Equal(t, 1, p.Done, "what the holder confirms later is not collected")
		}
		n, err := s.Resume(t.Context(), 10)
		require.NoError(t, err)
		require.Zero(t, n)
		w.clean(s)

		_, err = s.Prepare(t.Context(), w.plan("done", agency))
		require.NoError(t, err)
		w.finish(s, "done")
		require.ErrorIs(t, cancel("done", "nhầm"), esign.ErrConflict)
	})
}

func TestCancelTxFollowsItsTransaction(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		s := w.service(nil)
		_, err := s.Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
		stop := context.Canceled
		err = w.db.InTx(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
			require.NoError(t, s.CancelTx(ctx, tx, &esign.CancelRequest{Key: "p", Reason: "nhầm"}))
			return stop
		})
		require.ErrorIs(t, err, stop)
		w.finish(s, "p")
	})
}

func TestMigrationsGoDownAndUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		p, err := migrate.Provider(w.db, esign.Migrations())
		require.NoError(t, err)
		_, err = p.DownTo(t.Context(), 0)
		require.NoError(t, err)
		require.NoError(t, migrate.Up(t.Context(), w.db, esign.Migrations()))
		_, err = w.service(nil).Prepare(t.Context(), w.plan("p", agency))
		require.NoError(t, err)
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		_, err := esign.New(nil, w.signer, nil, w.files, nil)
		require.Error(t, err)
		_, err = esign.New(&sqlkit.DB{}, w.signer, nil, w.files, nil)
		require.Error(t, err)
		_, err = esign.New(w.db, nil, nil, w.files, nil)
		require.Error(t, err)
		_, err = esign.New(w.db, w.signer, nil, nil, nil)
		require.Error(t, err)
		_, err = esign.New(w.db, w.signer, nil, w.files, &esign.Options{TokenReserve: -1})
		require.Error(t, err)
	})
}
