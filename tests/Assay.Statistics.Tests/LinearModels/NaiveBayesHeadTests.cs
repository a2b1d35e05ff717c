namespace Assay.Statistics.Tests;

public sealed class NaiveBayesHeadTests
{
    private static readonly FloatMatrix X = new([0, 0, 2, 2, 4, 6, 6, 8], 4, 2);
    private static readonly int[] Y = [0, 0, 1, 1];

    [Fact]
    public void The_worked_example()
    {
        var moments = new ClassMoments(2, 2);
        moments.Add(X, Y);
        Assert.Equal([1 + 1e-9, 1 + 1e-9], new NaiveBayesHead().Variances(moments));
        var model = new NaiveBayesHead().Of(moments);
        double[][] weights = [[1, 1], [5, 7]];
        for (var c = 0; c < 2; c++)
        {
            for (var j = 0; j < 2; j++)
                Assert.Equal(weights[c][j], model.Weight(c, j), 1e-6);
        }
        Assert.Equal(-1.693147, model.Intercept(0), 1e-6);
        Assert.Equal(-37.693147, model.Intercept(1), 1e-6);
        var scores = model.Scores(new FloatMatrix([3, 3], 1, 2)).Row(0).ToArray();
        Assert.Equal(-4.693147 + 10.693147, scores[0] - scores[1], 1e-4); // h but for the common −½Σx²/s²
        Assert.Equal(.00247262, 1 / (1 + Math.Exp(scores[0] - scores[1])), 1e-7);
    }

    [Fact]
    public void Linear_form_and_densities_give_the_same_posterior()
    {
        var (x, y) = Draw(60, 5, 3, 1);
        var moments = new ClassMoments(3, 5);
        moments.Add(x, y);
        var s2 = new NaiveBayesHead().Variances(moments);
        var scores = new NaiveBayesHead().Fit(x, y, 3).Scores(x);
        for (var i = 0; i < x.Rows; i++)
        {
            var h = Enumerable.Range(0, 3).Select(c => Math.Log(moments.Count(c) / 60.0) - .5 * Enumerable.Range(0, 5).Sum(j => Math.Pow(x[i, j] - moments.Mean(c, j), 2) / s2[j])).ToArray();
            var p = h.Select(v => Math.Exp(v - h.Max())).ToArray();
            var row = scores.Row(i).ToArray();
            var q = row.Select(v => Math.Exp(v - row.Max())).ToArray();
            for (var c = 0; c < 3; c++)
                Assert.Equal(p[c] / p.Sum(), q[c] / q.Sum(), 1e-5);
        }
    }

    [Fact]
    public void Parts_in_any_division_are_the_whole()
    {
        var (x, y) = Draw(100, 4, 3, 2);
        var whole = new ClassMoments(3, 4);
        whole.Add(x, y);
        foreach (var cut in new[] { 1, 37, 99 })
        {
            var (first, second) = (new ClassMoments(3, 4), new ClassMoments(3, 4));
            first.Add(x.Select([.. Enumerable.Range(0, cut)]), y.AsSpan(0, cut));
            second.Add(x.Select([.. Enumerable.Range(cut, 100 - cut)]), y.AsSpan(cut));
            first.Merge(second);
            for (var c = 0; c < 3; c++)
            {
                Assert.Equal(whole.Count(c), first.Count(c));
                for (var j = 0; j < 4; j++)
                {
                    Assert.Equal(whole.Mean(c, j), first.Mean(c, j), 1e-10);
                    Assert.Equal(whole.Variance(c, j), first.Variance(c, j), 1e-10);
                }
            }
        }
    }

    [Fact]
    public void Scale_and_shift_of_a_feature_change_no_prediction_of_naive_bayes_but_one_of_logistic()
    {
        var (x, y) = Draw(80, 3, 2, 3);
        var other = new FloatMatrix([.. x.Values.ToArray().Select((v, i) => i % 3 == 1 ? 50 * v + 7 : v)], 80, 3);
        Assert.Equal(new NaiveBayesHead(0).Fit(x, y, 2).Predict(x), new NaiveBayesHead(0).Fit(other, y, 2).Predict(other));
        var logistic = new LogisticRegression(10, standardize: false);
        Assert.NotEqual(logistic.Fit(x, y, 2).Scores(x).Values.ToArray().Select(v => Math.Round(v, 3)), logistic.Fit(other, y, 2).Scores(other).Values.ToArray().Select(v => Math.Round(v, 3)));
    }

    [Fact]
    public void One_row_a_class_is_the_nearest_mean_and_constant_features_are_left_out()
    {
        var nearest = new NaiveBayesHead().Fit(new FloatMatrix([0, 0, 10, 1], 2, 2), [0, 1], 2);
        Assert.Equal([0, 1], nearest.Predict(new FloatMatrix([4, 9, 6, -9], 2, 2)));
        // The second feature is constant in each class but differs by a hair: with s = 0 it would decide alone.
        var x = new FloatMatrix([0, 1, 2, 1, 5, 1.001f, 7, 1.001f], 4, 2);
        var model = (LinearClassModel)new NaiveBayesHead().Fit(x, Y, 2);
        Assert.Equal(0, model.Weight(1, 1));
        Assert.Equal([0], model.Predict(new FloatMatrix([0, 1.001f], 1, 2)));
        Assert.Equal([1, 1], new NaiveBayesHead().Fit(X, [1, 1, 1, 1], 3).Predict(new FloatMatrix([0, 0, 9, 9], 2, 2)));
    }

    [Fact]
    public void With_equal_priors_and_unit_variances_it_is_the_nearest_mean()
    {
        var model = new NaiveBayesHead().Fit(X, Y, 2); // means (1,1) and (5,7)
        var random = new SeededRandom(4);
        for (var i = 0; i < 200; i++)
        {
            var p = new float[] { (float)random.NextDouble(-5, 12), (float)random.NextDouble(-5, 12) };
            var nearer = Math.Pow(p[0] - 1, 2) + Math.Pow(p[1] - 1, 2) < Math.Pow(p[0] - 5, 2) + Math.Pow(p[1] - 7, 2) ? 0 : 1;
            Assert.Equal([nearer], model.Predict(new FloatMatrix(p, 1, 2)));
        }
    }

    [Fact]
    public void It_finds_the_true_direction_as_rows_grow()
    {
        var random = new SeededRandom(5);
        const int n = 100_000;
        double[] gap = [1, -.5, .25, 0];
        var (values, y) = (new float[n * 4], new int[n]);
        for (var i = 0; i < n; i++)
        {
            y[i] = i % 2;
            for (var j = 0; j < 4; j++)
                values[i * 4 + j] = (float)(y[i] * gap[j] + random.NextGaussian());
        }
        var model = (LinearClassModel)new NaiveBayesHead().Fit(new FloatMatrix(values, n, 4), y, 2);
        var w = Enumerable.Range(0, 4).Select(j => model.Weight(1, j) - model.Weight(0, j)).ToArray();
        var cosine = w.Zip(gap, (a, b) => a * b).Sum() / Math.Sqrt(w.Sum(a => a * a) * gap.Sum(b => b * b));
        Assert.True(cosine > .99);
    }

    [Fact]
    public void Present_or_absent_features_with_add_one_smoothing()
    {
        // Class 0: feature 0 in 2 of 2; class 1: in 0 of 2. p = 3/4 and 1/4.
        var model = new BernoulliNaiveBayes().Fit(new FloatMatrix([1, 3, 0, 0], 4, 1), Y, 2);
        var scores = model.Scores(new FloatMatrix([5, 0], 2, 1));
        Assert.Equal(Math.Log(3), scores[0, 0] - scores[0, 1], 1e-5);
        Assert.Equal(-Math.Log(3), scores[1, 0] - scores[1, 1], 1e-5);
    }

    [Fact]
    public void The_logistic_optimum_has_no_gradient_and_shrinks_to_the_priors()
    {
        var (x, y) = Draw(90, 3, 3, 6);
        var model = (LinearClassModel)new LogisticRegression(1, standardize: false, iterations: 1000).Fit(x, y, 3);
        var scores = model.Scores(x);
        for (var c = 0; c < 3; c++)
        {
            var gradient = new double[4];
            for (var i = 0; i < 90; i++)
            {
                var s = Enumerable.Range(0, 3).Select(k => model.Intercept(k) + Enumerable.Range(0, 3).Sum(j => model.Weight(k, j) * x[i, j])).ToArray();
                var error = Math.Exp(s[c]) / s.Sum(Math.Exp) - (y[i] == c ? 1 : 0);
                for (var j = 0; j < 3; j++)
                    gradient[j] += error * x[i, j];
                gradient[3] += error;
            }
            for (var j = 0; j < 3; j++)
                Assert.Equal(0, gradient[j] + model.Weight(c, j), 1e-4);
            Assert.Equal(0, gradient[3], 1e-4);
        }
        int[] skewed = [.. Enumerable.Range(0, 90).Select(i => i < 60 ? 0 : i < 80 ? 1 : 2)];
        var shrunk = new LogisticRegression(1e7, standardize: false, iterations: 1000).Fit(x, skewed, 3).Scores(x).Row(0).ToArray();
        Assert.Equal(60 / 90.0, Math.Exp(shrunk[0]) / shrunk.Sum(v => Math.Exp(v)), .01);
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        var moments = new ClassMoments(2, 2);
        Assert.Throws<ArgumentException>(() => moments.Add(X, [0, 1]));
        Assert.Throws<ArgumentException>(() => moments.Add(X, [0, 1, 2, 0]));
        Assert.Throws<ArgumentException>(() => moments.Add(new FloatMatrix([1, float.NaN], 1, 2), [0]));
        Assert.Throws<ArgumentException>(() => moments.Merge(new ClassMoments(2, 3)));
        Assert.Throws<ArgumentException>(() => new NaiveBayesHead().Of(new ClassMoments(2, 2)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NaiveBayesHead(-1));
    }

    private static (FloatMatrix X, int[] Y) Draw(int n, int d, int classes, long seed)
    {
        var random = new SeededRandom(seed);
        var y = Enumerable.Range(0, n).Select(i => i % classes).ToArray();
        return (new FloatMatrix([.. Enumerable.Range(0, n * d).Select(i => (float)(random.NextGaussian() + .5 * y[i / d] * (i % d)))], n, d), y);
    }
}
