using Assay.Statistics;
using CsCheck;

namespace Assay.Evaluation.Tests.LabelQuality;

public sealed class NoiseByNeighboursTests
{
    private const int None = 0, A = 1, B = 2;

    private static FloatMatrix Points(params float[] xy) => new(xy, xy.Length / 2, 2);

    [Fact]
    public void The_score_leaves_out_the_negative_class()
    {
        var score = PositiveScore.Of([0, 0, 0, 1, 1, 2, 2, 3], [0, 1, 0, 1, 0, 2, 1, 0], 0);
        Assert.Equal((0.5, 0.4, 0.444444), (score.Precision, score.Recall, Math.Round(score.F1, 6)));
        Assert.Equal(new PositiveScore(1, 0, 0), PositiveScore.Of([0, 1], [0, 0], 0));
    }

    // Six negatives and two false negatives of the brief.
    private static readonly FloatMatrix Rows = Points(0, 0, 1, 0, 4, 4, 5, 5, 0, 1, 4.5f, 4, 4, 5, 5, 4.5f);
    private static readonly int[] Labels = [0, 0, 0, 0, 0, 0, A, B], Predicted = [0, 0, 0, 0, 0, 0, None, None];

    [Fact]
    public void Negatives_near_false_negatives_are_candidates()
    {
        var one = NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 1, unit: false);
        Assert.Equal([(3, B, 7, 0.5), (2, A, 6, 1.0)], one.Select(c => (c.Row, c.Proposed, c.Evidence, c.Distance))); // row 2 ties with row 3 and is lower
        var two = NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 2, unit: false);
        Assert.Equal([2, 3, 5], two.Select(c => c.Row).Order());
        Assert.Equal(0.707107, two.Single(c => c.Row == 5).Distance, 6);
        Assert.Empty(NoiseByNeighbours.Intrinsic(Rows, Labels, Labels, None, 5, unit: false)); // no false negatives
        Assert.Empty(NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 5, unit: false, new NeighbourGuards { MaxDistance = 0 }));
        for (var k = 1; k < 6; k++)
            Assert.Subset(NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, k + 1).Select(c => c.Row).ToHashSet(), NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, k).Select(c => c.Row).ToHashSet());
        Assert.Throws<ArgumentException>(() => NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, 9));
    }

    [Fact]
    public void Clean_neighbours_vote_and_never_for_themselves()
    {
        // The six negatives and the five clean rows.
        var all = Points(0, 0, 1, 0, 4, 4, 5, 5, 0, 1, 4.5f, 4, 0, 0, 1, 1, 4, 4, 5, 4, 6, 6);
        int[] labels = [0, 0, 0, 0, 0, 0, None, None, A, A, B], clean = [6, 7, 8, 9, 10], right = [None, None, A, A, B];
        var found = NoiseByNeighbours.Extrinsic(all, labels, clean, right, None, 1, unit: false);
        Assert.Equal([(2, A, 0.0), (5, A, 0.5), (3, A, 1.0)], found.Select(c => (c.Row, c.Proposed, c.Distance)));
        Assert.Equal(9, found[2].Evidence);
        Assert.Empty(NoiseByNeighbours.Extrinsic(all, labels, [6, 7], [None, None], None, unit: false));
        // A positive is asked only on demand: the clean row 8 says A, its other clean neighbour too; B's neighbour is A.
        Assert.Contains(NoiseByNeighbours.Extrinsic(all, labels, clean, right, None, 1, includePositives: true, unit: false), c => c is { OldLabel: B, Proposed: A });
        Assert.Equal([B], NoiseByNeighbours.NeverProposed([None, A, B], [None, A]));
        var wary = NoiseByNeighbours.Extrinsic(all, labels, clean, right, None, 1, unit: false, guards: new NeighbourGuards { Margin = 4.5 });
        Assert.Equal([3], wary.Select(c => c.Row)); // its nearest clean negative is √32 away, A 1.0: a margin of 4.66
    }

    [Fact]
    public void Treatments_keep_counts_and_applying_twice_changes_nothing()
    {
        var found = NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 2, unit: false);
        var (rows, same) = NoiseByNeighbours.Apply(Labels, found, NoiseTreatment.Eliminate, atLeast: 1);
        Assert.Equal((5, true), (rows.Length, same.SequenceEqual(Labels)));
        var (all, relabelled) = NoiseByNeighbours.Apply(Labels, found, NoiseTreatment.Relabel);
        Assert.Equal((8, found.Length), (all.Length, relabelled.Where((l, i) => l != Labels[i]).Count()));
        Assert.Equal(relabelled, NoiseByNeighbours.Apply(relabelled.AsSpan(), found, NoiseTreatment.Relabel).Labels);
        Assert.Equal(8, NoiseByNeighbours.Apply(Labels, found, NoiseTreatment.Eliminate).Rows.Length); // ten of a class are kept
        Assert.Single(NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 2, guards: new NeighbourGuards { MaxShare = 0.13 }));
        var typed = NoiseByNeighbours.Intrinsic(Rows, Labels, Predicted, None, 2, unit: false, new NeighbourGuards { Types = [1, 1, 1, 2, 1, 1, 1, 2] });
        Assert.All(typed, c => Assert.Equal(c.Row == 3 ? B : A, c.Proposed));
    }

    [Fact]
    public void Neighbours_equal_brute_force_and_unit_vectors_order_by_cosine() => Gen.Select(Gen.Int[1, 12], Gen.Int[1, 5], Gen.Int[0, 999]).Sample((n, k, seed) =>
    {
        var random = new SeededRandom(seed);
        FloatMatrix Random(int rows) => new([.. Enumerable.Range(0, rows * 3).Select(_ => (float)random.NextGaussian())], rows, 3);
        var (queries, rows) = (Random(4), Random(n));
        var found = NearestRows.Find(NearestRows.ToUnit(queries), NearestRows.ToUnit(rows), k);
        for (var q = 0; q < 4; q++)
        {
            var cosines = Enumerable.Range(0, n).Select(i => Enumerable.Range(0, 3).Sum(j => (double)queries[q, j] * rows[i, j]) / Norm(rows, i) / Norm(queries, q)).ToArray();
            Assert.Equal(Enumerable.Range(0, n).OrderByDescending(i => cosines[i]).Take(k), found[q].Select(f => f.Row));
            Assert.All(found[q], f => Assert.Equal(2 - 2 * cosines[f.Row], f.Distance * f.Distance, 1e-5));
        }
        static double Norm(FloatMatrix m, int i) => Math.Sqrt(Enumerable.Range(0, 3).Sum(j => (double)m[i, j] * m[i, j]));
    }, iter: 100);

    [Fact]
    public void Errors_are_counted_by_source_with_the_score_without_each()
    {
        int[] labels = [0, 0, 0, 1, 1, 2, 2, 3];
        var report = ErrorSources.Report(labels, [("m", [0, 1, 0, 1, 0, 2, 1, 0]), ("n", [0, 1, 2, 1, 1, 2, 2, 3])], 0);
        Assert.Equal([2, 1, 1, 0, 2, 0], report.Counts.Select(c => c.Count));
        Assert.Equal(2 / 3.0, report.Counts[1].ScoreWithout.Precision, 12);
        Assert.Equal((0.5, 0.25), (report.Counts[0].Share, report.Counts[1].Share));
        Assert.Equal([(1, 2), (2, 1)], report.FalsePositives);
        Assert.Equal(1, report.Agreement);
    }
}
