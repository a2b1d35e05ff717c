using Assay.Statistics;
using CsCheck;

namespace Assay.Training.Tests;

public sealed class ClientSplitTests
{
    private static readonly int[] Labels = [.. Enumerable.Range(0, 1000).Select(i => i % 10)];

    [Fact]
    public void Every_example_belongs_to_exactly_one_client() =>
        (from clients in Gen.Int[10, 40] from m in Gen.Int[1, 10] from alpha in Gen.Double[0.01, 50] from seed in Gen.Int from kind in Gen.Int[0, 2] select (clients, m, alpha, seed, kind)).Sample(c =>
        {
            ClientSplit split = c.kind switch { 0 => new IidClients(), 1 => new PathologicalClients(c.m), _ => new DirichletClients(c.alpha) };
            var parts = split.Divide(Labels, c.clients, c.seed);
            Assert.Equal(c.clients, parts.Length);
            Assert.Equal(Enumerable.Range(0, 1000), parts.SelectMany(p => p).Order());
            Assert.Equal(parts.Select(p => p.Length), split.Divide(Labels, c.clients, c.seed).Select(p => p.Length));
            if (c.kind == 1)
                Assert.All(parts, p => Assert.True(p.Select(i => Labels[i]).Distinct().Count() <= c.m));
        }, iter: 200);

    [Fact]
    public void Pathological_clients_have_as_many_classes_as_asked_for()
    {
        var parts = new PathologicalClients(2).Divide(Labels, 10, 1);
        Assert.All(parts, p => Assert.Equal(2, p.Select(i => Labels[i]).Distinct().Count()));
        Assert.All(parts, p => Assert.Equal(100, p.Length));
    }

    [Fact]
    public void Dirichlet_runs_from_one_class_a_client_to_equal_shares()
    {
        // The mean share of a client's largest class: 1 for one class each, 1/10 for equal shares.
        double Largest(double alpha)
        {
            var parts = new DirichletClients(alpha).Divide(Labels, 10, 3).Where(p => p.Length > 0);
            return parts.Average(p => p.GroupBy(i => Labels[i]).Max(g => g.Count()) / (double)p.Length);
        }
        Assert.True(Largest(0.01) > 0.75);
        Assert.InRange(Largest(1e6), 0.0999, 0.12);
        Assert.True(Largest(0.1) > Largest(1) && Largest(1) > Largest(100));
        var random = new SeededRandom(1);
        var shares = Enumerable.Range(0, 4000).Select(_ => new DirichletClients(0.5).Shares(4, random)).ToArray();
        Assert.All(shares, s => Assert.Equal(1, s.Sum(), 1e-12));
        // Mean 1/K, variance (1/K)(1 − 1/K)/(Kα + 1) = 0.0625.
        Assert.Equal(0.25, shares.Average(s => s[0]), 0.015);
        Assert.Equal(0.0625, shares.Average(s => s[0] * s[0]) - Math.Pow(shares.Average(s => s[0]), 2), 0.004);
    }

    [Fact]
    public void Impossible_divisions_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new DirichletClients(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new PathologicalClients(0));
        Assert.Throws<ArgumentException>(() => new PathologicalClients(11).Divide(Labels, 10, 0));
        Assert.Throws<ArgumentException>(() => new PathologicalClients(1).Divide(Labels, 9, 0));
        Assert.Throws<ArgumentException>(() => new IidClients().Divide([0, 1], 3, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new IidClients().Divide([0, 1], 0, 0));
    }
}
