using System.Numerics.Tensors;
using CsCheck;

namespace Assay.Statistics.Tests;

public sealed class ClassLearnerTests
{
    /// <summary>i = np.arange(n); y = (i*7 + i*i//3) % k; j = np.arange(3); X = np.sin(i[:,None]*(j+1)*.7 + j) + .8*(y[:,None] == j), as float32.</summary>
    private static (FloatMatrix, int[]) Data(int n, int k)
    {
        int[] labels = [.. Enumerable.Range(0, n).Select(i => (i * 7 + i * i / 3) % k)];
        return (new FloatMatrix([.. labels.SelectMany((y, i) => Enumerable.Range(0, 3).Select(j => (float)(Math.Sin(i * (j + 1) * .7 + j) + (y == j ? .8 : 0))))], n, 3), labels);
    }

    // scikit-learn 1.2.1, predict_proba of rows 0 and 1: LinearDiscriminantAnalysis(solver='lsqr'), GaussianNB(), and on StandardScaler'd
    // features LogisticRegression(C=1, tol=1e-12, multi_class='multinomial').
    [Theory]
    [InlineData("lda(shrinkage: 0)", 3, new[] { 0.95915813, 0.04083814, 3.73e-06, 0.00939733, 0.99060261, 5e-08 })]
    [InlineData("lda(shrinkage: 0)", 2, new[] { 0.96283536, 0.03716464, 0.00039646, 0.99960354 })]
    [InlineData("naive-bayes", 3, new[] { 0.99932901, 0.00067099, 0, 0.01652689, 0.98347311, 0 })]
    [InlineData("naive-bayes", 2, new[] { 0.93448827, 0.06551173, 0, 1 })]
    [InlineData("logistic", 3, new[] { 0.97102936, 0.02261017, 0.00636047, 0.10955241, 0.88916814, 0.00127945 })]
    [InlineData("logistic", 2, new[] { 0.87735523, 0.12264477, 0.00100968, 0.99899032 })]
    public void Probabilities_agree_with_scikit_learn(string learner, int k, double[] expected)
    {
        var (features, labels) = Data(90, k);
        var scores = MethodCatalog.Of(typeof(ClassLearner).Assembly).Create<ClassLearner>(learner).Fit(features, labels, k).Scores(features);
        for (var i = 0; i < 2; i++)
        {
            var p = new float[k];
            TensorPrimitives.SoftMax(scores.Row(i), p);
            for (var c = 0; c < k; c++)
                Assert.Equal(expected[i * k + c], p[c], 3e-6);
        }
    }

    // scikit-learn 1.2.1: Ridge(alpha=2).fit(X, where(y == arange(3), 1, -1)).
    [Fact]
    public void Ridge_agrees_with_scikit_learn()
    {
        var (features, labels) = Data(90, 3);
        var targets = new double[90, 3];
        for (var i = 0; i < 90; i++)
        {
            for (var c = 0; c < 3; c++)
                targets[i, c] = labels[i] == c ? 1 : -1;
        }
        var (weights, intercepts) = RidgeRegression.Solve(features, targets, 2);
        double[,] expected = { { 0.76494643, -0.14424813, 0.34676188 }, { -0.11943159, 0.60729421, -0.26714991 }, { -0.64551484, -0.46304608, -0.07961196 } };
        for (var c = 0; c < 3; c++)
        {
            for (var j = 0; j < 3; j++)
                Assert.Equal(expected[c, j], weights[c, j], 1e-6);
        }
        Assert.Equal(-0.26516666, intercepts[0], 1e-6);
        Assert.Equal(-0.17180864, intercepts[2], 1e-6);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public void Neighbours_vote_as_counted_by_hand(int k)
    {
        var random = new SeededRandom(k);
        float[] Cloud(int n) => [.. Enumerable.Range(0, n * 2).Select(_ => (float)random.NextGaussian())];
        FloatMatrix train = new(Cloud(60), 60, 2), test = new(Cloud(40), 40, 2);
        int[] labels = [.. Enumerable.Range(0, 60).Select(i => train[i, 0] + random.NextGaussian() > 0 ? 1 : i % 5 == 0 ? 2 : 0)];
        var predicted = new NearestNeighbors(k, standardize: false).Fit(train, labels, 3).Predict(test);
        for (var i = 0; i < 40; i++)
        {
            var votes = Enumerable.Range(0, 60).OrderBy(t => Math.Pow(train[t, 0] - test[i, 0], 2) + Math.Pow(train[t, 1] - test[i, 1], 2)).Take(k).GroupBy(t => labels[t]).ToArray();
            Assert.Contains(predicted[i], votes.Where(v => v.Count() == votes.Max(w => w.Count())).Select(v => v.Key));
        }
    }

    [Theory]
    [InlineData("lda")]
    [InlineData("naive-bayes")]
    [InlineData("logistic")]
    [InlineData("ridge")]
    [InlineData("knn(3)")]
    public void Dependent_and_constant_features_and_absent_classes_do_no_harm(string name)
    {
        var random = new SeededRandom(3);
        int[] labels = [.. Enumerable.Range(0, 40).Select(i => i % 2 == 0 ? 0 : 2)];
        var features = new FloatMatrix([.. labels.SelectMany(y => { var v = (float)random.NextGaussian() + 3 * y; return new[] { v, 2 * v, 5 }; })], 40, 3);
        var predicted = MethodCatalog.Of(typeof(ClassLearner).Assembly).Create<ClassLearner>(name).Fit(features, labels, 4).Predict(features);
        Assert.True(predicted.Zip(labels).Count(p => p.First == p.Second) >= 38);
    }

    [Fact]
    public void Bad_training_data_are_refused()
    {
        var (features, labels) = Data(10, 2);
        Assert.Throws<ArgumentException>(() => new LinearDiscriminant().Fit(features, labels[..9], 2));
        Assert.Throws<ArgumentException>(() => new LinearDiscriminant().Fit(features, labels, 1));
        Assert.Throws<ArgumentException>(() => new LogisticRegression().Fit(features, labels, 2).Predict(new FloatMatrix([1, 2], 1, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RidgeRegression(0));
    }

    [Fact]
    public void Rank_of_ties_is_their_mean()
    {
        Assert.Equal([2.5, 1, 2.5, 4], Ranking.Of([5.0, 1, 5, 7]));
        Assert.Equal([2.5, 4, 2.5, 1], Ranking.Of([5.0, 1, 5, 7], descending: true));
    }

    [Fact]
    public void Radix_sort_orders_as_a_comparison_sort()
    {
        Gen.Float[-1e6f, 1e6f].Array[0, 300].Sample(values =>
            Assert.Equal(Enumerable.Range(0, values.Length).OrderBy(i => values[i]).ToArray(), RadixSort.Order(values)));
        Assert.Equal([0, 1, 2], RadixSort.Order([0f, -0f, 0f]));
        Assert.All(new[] { -1.5f, 0, float.MaxValue, float.NegativeInfinity }, v => Assert.Equal(v, RadixSort.Value(RadixSort.Key(v))));
    }
}
