using Assay.Statistics;

namespace Assay.Data.Tests;

public sealed class BagTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("bags").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private static FloatMatrix Rows(int n) => new(new float[n], n, 1);

    [Fact]
    public void Random_bags_hold_every_row_once()
    {
        var bags = BagAssignment.Random(23, 5, 1);
        Assert.Equal([5, 5, 5, 5, 3], bags.CountBy(b => b).OrderBy(c => c.Key).Select(c => c.Value));
        Assert.Equal(bags, BagAssignment.Random(23, 5, 1));
        Assert.NotEqual(bags, BagAssignment.Random(23, 5, 2));
        // One row left over does not stand alone.
        Assert.Equal([5, 6], BagAssignment.Random(11, 5, 1).CountBy(b => b).OrderBy(c => c.Key).Select(c => c.Value));
        Assert.Equal([1, 0, 0, 1], BagAssignment.Sorted([4, 1, 2, 3], 2));
    }

    [Fact]
    public void Averages_of_responses_and_shares_of_classes()
    {
        var data = BagData.Of(Rows(4), [1, 2, 4, 7], [0, 0, 1, 1]);
        Assert.Equal([1.5, 5.5], data.Means);
        Assert.Equal([2, 2], data.Sizes);
        Assert.Equal([.5, .5, 0, 0, 0, 1], BagData.OfClasses(Rows(4), [0, 1, 2, 2], 3, [0, 0, 1, 1]).Means);
        Assert.Throws<ArgumentException>(() => BagData.Of(Rows(3), [1, 2, 3], [0, 2, 2])); // bag 1 is empty
        Assert.Throws<ArgumentException>(() => BagData.Of(Rows(3), [1, 2], [0, 0, 0]));
        Assert.Throws<ArgumentException>(() => new BagData(Rows(1), [0], [double.NaN]));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(5, .4)]
    [InlineData(10, .2)]
    public void Noise_has_the_scale_of_the_sensitivity(int bagSize, double expected)
    {
        Assert.Equal(expected, new PrivateAggregator(1, -1, 1).Scale(bagSize), 1e-12);
        var n = 40_000 * bagSize;
        var released = new PrivateAggregator(1, -1, 1).Release(Rows(n), new double[n], [.. Enumerable.Range(0, n).Select(i => i / bagSize)], new SeededRandom(3));
        Assert.Equal(expected * Math.Sqrt(2), Math.Sqrt(released.Means.Average(m => m * m)), .03 * expected);
        Assert.Equal(0, released.Means.Average(), .02 * expected);
    }

    [Fact]
    public void Releases_of_neighbouring_labels_are_alike_up_to_epsilon()
    {
        // One response goes from the least to the greatest: the worst case. Histograms of 10⁵ releases each.
        const double epsilon = .7;
        int[] Histogram(double response, long seed)
        {
            var random = new SeededRandom(seed);
            var counts = new int[12];
            for (var i = 0; i < 100_000; i++)
            {
                var mean = new PrivateAggregator(epsilon, -1, 1).Release(Rows(2), [response, .3], [0, 0], random).Means[0];
                counts[Math.Clamp((int)Math.Floor((mean + 4) / 8 * 12), 0, 11)]++;
            }
            return counts;
        }
        var (a, b) = (Histogram(-5, 1), Histogram(9, 2)); // clipped to −1 and 1
        var ratios = a.Zip(b).Select(p => Math.Log((double)p.First / p.Second)).ToArray();
        var worst = ratios.Max(Math.Abs);
        Assert.InRange(worst, .6 * epsilon, epsilon + .1); // tight, and not passed beyond the sampling error
    }

    [Fact]
    public void Responses_are_clipped_and_infinite_epsilon_adds_nothing()
    {
        Assert.Equal([0, 1.5], new PrivateAggregator(double.PositiveInfinity, -1, 2).Release(Rows(4), [-9, 1, 9, 1], [0, 0, 1, 1], new SeededRandom(1)).Means);
        var shares = new PrivateAggregator(4, 0, 1).ReleaseClasses(Rows(4), [0, 1, 1, 1], 2, [0, 0, 1, 1], new SeededRandom(1));
        Assert.Equal(2, shares.Outputs);
        Assert.NotEqual(.5, shares.Means[0]);
    }

    [Fact]
    public void The_ledger_adds_up_and_refuses_what_passes_its_total()
    {
        var ledger = new PrivacyLedger(1);
        var aggregator = new PrivateAggregator(.4, -1, 1, ledger);
        for (var i = 0; i < 2; i++)
            aggregator.Release(Rows(2), [0, 0], [0, 0], new SeededRandom(i));
        Assert.Equal(.8, ledger.Spent, 1e-12);
        Assert.Throws<InvalidOperationException>(() => aggregator.Release(Rows(2), [0, 0], [0, 0], new SeededRandom(9)));
        Assert.Equal(2, ledger.Spendings.Count);
        var once = new PrivateAggregator(1, -1, 1);
        once.Release(Rows(2), [0, 0], [0, 0], new SeededRandom(1));
        Assert.Throws<InvalidOperationException>(() => once.Release(Rows(2), [0, 0], [0, 0], new SeededRandom(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrivateAggregator(0, -1, 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PrivateAggregator(1, 1, 1));
    }

    [Theory]
    [InlineData("bag,x\nA,1\nB,2\n", "bag,mean,size\nA,1,1\nB,2,1\n", null)]
    [InlineData("bag,x\nA,1\nB,2\n", "bag,mean\nA,1\nB,2\n", null)]
    [InlineData("bag,x\nA,1\nC,2\n", "bag,mean,size\nA,1,1\nB,2,1\n", "row 2: bag 'C'")]
    [InlineData("bag,x\nA,1\n", "bag,mean,size\nA,1,1\nB,2,1\n", "bag 1 has no rows")]
    [InlineData("bag,x\nA,1\nB,2\n", "bag,mean,size\nA,1,1\nA,2,1\n", "occurs twice")]
    [InlineData("bag,x\nA,1\nB,2\n", "bag,mean,size\nA,1,3\nB,2,1\n", "its size says 3")]
    [InlineData("bag,x\nA,1\nB,2\n", "bag,mean,size\nA,,1\nB,2,1\n", "row 1")]
    [InlineData("bag\nA\nB\n", "bag,mean\nA,1\nB,2\n", "no columns of numbers")]
    [InlineData("bag,x\nA,1\n", "name,mean\nA,1\n", "bag")]
    public void Files_of_a_release_are_checked(string rows, string bags, string? fault)
    {
        var (r, b) = (Path.Combine(folder, "rows.csv"), Path.Combine(folder, "bags.csv"));
        File.WriteAllText(r, rows);
        File.WriteAllText(b, bags);
        if (fault is null)
            Assert.Equal([1, 2], BagData.Read(r, b).Means);
        else
            Assert.Contains(fault, Assert.Throws<InvalidDataException>(() => BagData.Read(r, b)).Message, StringComparison.Ordinal);
    }
}
