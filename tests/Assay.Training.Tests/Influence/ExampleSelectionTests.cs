using CsCheck;

namespace Assay.Training.Tests;

public sealed class ExampleSelectionTests
{
    private static readonly double[] Scores = [5, 1, 4, 2, 3, 0];
    private static readonly int[] Labels = [0, 0, 0, 1, 1, 1];

    private static int[] Keep(double fraction, SelectionPolicy policy, bool perClass = false, double temperature = 1, double drop = 0, long seed = 0) =>
        ExampleSelection.Keep(Scores, Labels, fraction, new SelectionOptions { Policy = policy, PerClass = perClass, Temperature = temperature, DropHardest = drop, Seed = seed });

    [Fact]
    public void Policies_keep_their_part_of_the_ranking()
    {
        Assert.Equal([0, 2], Keep(1.0 / 3, SelectionPolicy.Hard));
        Assert.Equal([1, 5], Keep(1.0 / 3, SelectionPolicy.Easy));
        Assert.Equal([3, 4], Keep(1.0 / 3, SelectionPolicy.Middle));
        Assert.Equal([2, 4], Keep(1.0 / 3, SelectionPolicy.Hard, drop: 0.17));
        Assert.Equal([0, 4], Keep(1.0 / 3, SelectionPolicy.Hard, perClass: true));
        Assert.Equal([0, 1, 2, 3, 4, 5], Keep(1, SelectionPolicy.Weighted));
        // Every class keeps at least one.
        Assert.Equal([0, 4], Keep(0.01, SelectionPolicy.Hard, perClass: true));
    }

    [Fact]
    public void Weighted_sampling_runs_from_the_hardest_to_any_with_the_temperature()
    {
        Assert.Equal([0, 2], Keep(1.0 / 3, SelectionPolicy.Weighted, temperature: 1e-6));
        // χ² of 3,000 draws of one example of six at an infinite temperature: 5 degrees of freedom, 99.9 % below 20.5.
        var counts = new int[6];
        for (var seed = 0; seed < 3000; seed++)
            counts[Keep(1.0 / 6, SelectionPolicy.Weighted, temperature: 1e9, seed: seed)[0]]++;
        Assert.True(counts.Sum(c => Math.Pow(c - 500, 2) / 500) < 20.5, string.Join(", ", counts));
        // At T = 1 the first draw follows softmax: e⁵ of e⁵ + … + e⁰ = 63.4 %.
        var hardest = Enumerable.Range(0, 2000).Count(s => Keep(1.0 / 6, SelectionPolicy.Weighted, seed: s)[0] == 0);
        Assert.Equal(0.634, hardest / 2000.0, 0.04);
    }

    [Fact]
    public void A_selection_has_no_duplicates_and_depends_on_the_seed_alone() =>
        (from n in Gen.Int[1, 60] from q in Gen.Double[0.01, 1] from policy in Gen.Enum<SelectionPolicy>() from seed in Gen.Int from perClass in Gen.Bool select (n, q, policy, seed, perClass)).Sample(c =>
        {
            double[] scores = [.. Enumerable.Range(0, c.n).Select(i => (double)(i * 7 % 5))];
            int[] labels = [.. Enumerable.Range(0, c.n).Select(i => i % 3)];
            var options = new SelectionOptions { Policy = c.policy, PerClass = c.perClass, Seed = c.seed };
            var kept = ExampleSelection.Keep(scores, labels, c.q, options);
            Assert.Equal(kept.Distinct(), kept);
            Assert.Equal(kept, ExampleSelection.Keep(scores, labels, c.q, options));
            if (c.perClass)
                Assert.All(labels.Distinct(), l => Assert.Equal(Math.Max(1, (int)Math.Round(c.q * labels.Count(x => x == l))), kept.Count(i => labels[i] == l)));
            else
                Assert.Equal(Math.Max(1, (int)Math.Round(c.q * c.n)), kept.Length);
        }, iter: 200);

    [Fact]
    public void Wrong_selections_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Keep(0, SelectionPolicy.Hard));
        Assert.Throws<ArgumentOutOfRangeException>(() => Keep(1.5, SelectionPolicy.Hard));
        Assert.Throws<ArgumentOutOfRangeException>(() => Keep(0.5, SelectionPolicy.Weighted, temperature: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => Keep(0.5, SelectionPolicy.Hard, drop: 1));
        Assert.Throws<ArgumentException>(() => ExampleSelection.Keep([1, double.NaN], [0, 0], 0.5));
        Assert.Throws<ArgumentException>(() => ExampleSelection.Keep([1, 2], [0], 0.5));
    }
}
