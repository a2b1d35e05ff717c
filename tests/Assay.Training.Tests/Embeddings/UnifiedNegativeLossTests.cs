using Assay.Statistics;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Assay.Training.Tests;

public sealed class UnifiedNegativeLossTests
{
    private static readonly MethodCatalog Catalog = MethodCatalog.Of(typeof(CrossEntropyLoss).Assembly);
    private static readonly long[] Labels = [0, 0, 1, 2, 1, 3];

    public static TheoryData<string> Heads => ["normface", "cosface", "arcface", "magface", "unpg", "unpg(head: arcface(0.5, 32), whisker: 1)", "paired(triplet)", "paired(contrastive, head: arcface)", "paired(multi-similarity)", "paired(circle-loss)"];

    [Theory]
    [InlineData(1.0, -.4, .5)]
    [InlineData(1.5, -.55, .65)]
    [InlineData(double.PositiveInfinity, double.NegativeInfinity, double.PositiveInfinity)]
    public void Whiskers_of_the_worked_example(double whisker, double low, double high)
    {
        using var scope = NewDisposeScope();
        var values = tensor(new[] { .3, -.9, .2, .05, -.2, .95, .1, -.1, 0, .15 });
        var bounds = UnifiedNegativeLoss.Bounds(values, whisker);
        Assert.Equal(low, bounds.Low, 1e-9);
        Assert.Equal(high, bounds.High, 1e-9);
        Assert.Equal(double.IsInfinity(whisker) ? 10 : 8, values.data<double>().ToArray().Count(v => v >= bounds.Low && v <= bounds.High));
        Assert.Equal(double.NegativeInfinity, UnifiedNegativeLoss.Bounds(values.narrow(0, 0, 3), whisker).Low); // too few for quartiles
    }

    [Fact]
    public void The_worked_loss_with_and_without_metric_negatives()
    {
        using var scope = NewDisposeScope();
        double[] cosines = [.6, .1, -.3];
        using var weight = new Parameter(tensor(cosines.SelectMany(c => new[] { 3 * c, 3 * Math.Sqrt(1 - c * c) }).ToArray()).view(3, 2));
        var head = new NormFaceLoss(4, 2).WithWeight(weight);
        var (x, y) = (tensor(new[] { 7.0, 0 }).view(1, 2), tensor(new long[] { 0 }));
        var plain = head.call(x, y).ToDouble();
        var unified = head.WithNegatives(x, y, _ => tensor(new[] { .5, .2 }).mul(4).logsumexp(0)).ToDouble();
        Assert.Equal(.150710, plain, 1e-6);
        Assert.Equal(.710435, unified, 1e-6);
        Assert.Equal(.627123, Math.Log(Math.Exp(unified) - Math.Exp(plain) + 1), 1e-6); // the metric negatives alone
    }

    [Fact]
    public void Metric_negatives_are_all_pairs_less_those_of_one_class()
    {
        using var scope = NewDisposeScope();
        var loss = new UnifiedNegativeLoss(new CosFaceLoss(dimensions: 5), double.PositiveInfinity);
        var x = Random(6, 5, 1);
        Assert.Equal(6 * 5 / 2 - 2, loss.Negatives(x, tensor(Labels)).numel()); // classes 0 and 1 hold one pair each
        Assert.Equal(0, loss.Negatives(x, zeros(6, dtype: ScalarType.Int64)).numel());
        var filtered = new UnifiedNegativeLoss(new CosFaceLoss(dimensions: 5), 0).Negatives(x, tensor(Labels));
        Assert.InRange(filtered.numel(), 6, 8); // between the quartiles of 13
    }

    [Fact]
    public void One_class_in_the_batch_gives_the_plain_head_exactly_and_others_never_less()
    {
        using var scope = NewDisposeScope();
        var head = new ArcFaceLoss(dimensions: 5).ForClasses(4, new SeededRandom(1));
        var unified = new UnifiedNegativeLoss(head, 1.5);
        foreach (var seed in Enumerable.Range(0, 20))
        {
            var x = Random(6, 5, seed);
            Assert.Equal(head.call(x, full(6, 2L, dtype: ScalarType.Int64)).ToDouble(), unified.call(x, full(6, 2L, dtype: ScalarType.Int64)).ToDouble());
            Assert.True(unified.call(x, tensor(Labels)).ToDouble() >= head.call(x, tensor(Labels)).ToDouble());
        }
    }

    [Fact]
    public void The_shared_sum_equals_the_columns_written_out()
    {
        using var scope = NewDisposeScope();
        var head = new CosFaceLoss(.35, 30, 5).ForClasses(4, new SeededRandom(1));
        var unified = new UnifiedNegativeLoss(head, 1.5);
        var (x, y) = (Random(6, 5, 3).to(ScalarType.Float64), tensor(Labels));
        var negatives = unified.Negatives(x, y);
        var cosines = nn.functional.normalize(x, 2, 1).mm(nn.functional.normalize(head.Weight.to(ScalarType.Float64), 2, 1).t());
        var shifted = cosines.sub(nn.functional.one_hot(y, 4).to(ScalarType.Float64).mul(.35));
        var columns = cat([shifted, negatives.unsqueeze(0).expand(6, negatives.numel())], 1).mul(30);
        Assert.Equal(nn.functional.cross_entropy(columns, y).ToDouble(), unified.call(x, y).ToDouble(), 1e-9);
    }

    [Fact]
    public void Without_a_margin_cosface_and_arcface_are_the_scaled_cosine_softmax()
    {
        using var scope = NewDisposeScope();
        var plain = new NormFaceLoss(30, 5).ForClasses(4, new SeededRandom(2));
        var (x, y) = (Random(6, 5, 4), tensor(Labels));
        var expected = plain.call(x, y).ToDouble();
        Assert.Equal(expected, new CosFaceLoss(0, 30, 5).WithWeight(plain.Weight).call(x, y).ToDouble(), 1e-6);
        Assert.Equal(expected, new ArcFaceLoss(0, 30, 5).WithWeight(plain.Weight).call(x, y).ToDouble(), 1e-4);
        Assert.Equal(expected, nn.functional.cross_entropy(plain.Scores(x), y).ToDouble(), 1e-5);
    }

    [Fact]
    public void Magface_takes_its_margin_from_the_length()
    {
        using var scope = NewDisposeScope();
        var (x, y) = (tensor(new[] { 60.0, 0 }).view(1, 2), tensor(new long[] { 0 }));
        using var weight = new Parameter(tensor(new[] { .6, .8, -1, 0 }).view(2, 2));
        var margin = .35 / 100 * 50 + .45;
        double[] scores = [8 * Math.Cos(Math.Acos(.6) + margin), -8];
        var expected = Math.Log(Math.Exp(scores[0]) + Math.Exp(scores[1])) - scores[0] + 35 * (60 / 12100.0 + 1 / 60.0);
        Assert.Equal(expected, new MagFaceLoss(35, 8, 2).WithWeight(weight).call(x, y).ToDouble(), 1e-6);
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void Gradients_equal_finite_differences_and_lengths_do_not_matter(string expression)
    {
        using var scope = NewDisposeScope();
        var y = tensor(new long[] { 0, 1, 1, 0 });
        var (x, w) = (Random(4, 3, 11).to(ScalarType.Float64), Random(2, 3, 12).to(ScalarType.Float64));
        double Of(Tensor embeddings, Tensor vectors) => Loss(expression, vectors).call(embeddings, y).ToDouble();
        var leaf = x.clone().requires_grad_();
        var loss = Loss(expression, w);
        loss.call(leaf, y).backward();
        if (!expression.Contains("circle", StringComparison.Ordinal)) // its weights are held constant in the backward pass
        {
            Check(leaf.grad!, x, moved => Of(moved, w));
            Check(loss.parameters().Single().grad!, w, moved => Of(x, moved));
        }
        if (!expression.Contains("magface", StringComparison.Ordinal))
            Assert.Equal(Of(x, w), Of(x.mul(tensor(new[] { .1, 3, 20, 1 }).unsqueeze(1)), w.mul(5)), 1e-9);

        static void Check(Tensor gradient, Tensor at, Func<Tensor, double> function)
        {
            var closed = gradient.flatten().data<double>().ToArray();
            for (var i = 0; i < closed.Length; i++)
            {
                var (up, down) = (at.flatten().clone(), at.flatten().clone());
                up[i] += 1e-5;
                down[i] -= 1e-5;
                Assert.Equal((function(up.view(at.shape)) - function(down.view(at.shape))) / 2e-5, closed[i], 1e-4);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Heads))]
    public void Embeddings_of_zero_and_of_one_direction_are_finite(string expression)
    {
        using var scope = NewDisposeScope();
        var loss = Loss(expression, ones(2, 3));
        var x = cat([zeros(2, 3), ones(2, 3).mul(3)], 0).requires_grad_();
        var value = loss.call(x, tensor(new long[] { 0, 1, 1, 0 }));
        value.backward();
        Assert.True(double.IsFinite(value.ToDouble()) && x.grad!.isfinite().all().item<bool>());
    }

    [Fact]
    public void Pair_losses_of_a_worked_batch()
    {
        using var scope = NewDisposeScope();
        // Cosines: positive pairs (0,1) .8 and (2,3) 0; negatives (0,2) 0, (0,3) 1, (1,2) .6, (1,3) .8.
        var x = tensor(new[] { 1.0, 0, .8, .6, 0, 1, 1, 0 }).view(4, 2);
        var y = tensor(new long[] { 0, 0, 1, 1 });
        Assert.Equal((.5 + 1 - .8 + .5 + .8 - .8 + .5 + .6 - 0 + .5 + 1 - 0) / 4, new TripletLoss(.5).call(x, y).ToDouble(), 1e-9);
        Assert.Equal((.2 + 1) / 2 + (.5 + .1 + .3) / 4, new ContrastiveLoss(.5).call(x, y).ToDouble(), 1e-9);
        double One(double pull, double push) => Math.Log(1 + Math.Exp(-2 * (pull - .5))) / 2 + Math.Log(1 + push) / 50;
        double N(params double[] s) => s.Sum(v => Math.Exp(50 * (v - .5)));
        var expected = One(.8, N(1)) + One(.8, N(.8)) + One(0, N(0, .6)) + One(0, N(1, .8));
        Assert.Equal(expected / 4, new MultiSimilarityLoss().call(x, y).ToDouble(), 1e-9);
        double Circle(double p, params double[] n) => Math.Log(1 + n.Sum(s => Math.Exp(4 * Math.Max(0, s + .25) * (s - .25))) * Math.Exp(-4 * Math.Max(0, 1.25 - p) * (p - .75)));
        Assert.Equal((Circle(.8, 0, 1) + Circle(.8, .6, .8) + Circle(0, 0, .6) + Circle(0, 1, .8)) / 4, new CircleLoss(.25, 4).call(x, y).ToDouble(), 1e-9);
        foreach (var loss in new PairLoss[] { new TripletLoss(), new ContrastiveLoss(), new MultiSimilarityLoss(), new CircleLoss() })
        {
            Assert.True(double.IsFinite(loss.call(x, zeros(4, dtype: ScalarType.Int64)).ToDouble())); // no negatives
            Assert.True(double.IsFinite(loss.call(x, arange(4)).ToDouble())); // no positives
            Assert.Throws<ArgumentException>(() => loss.call(x, tensor(new long[] { 1 })));
        }
    }

    [Fact]
    public void A_recipe_of_names_trains_and_gives_scores_and_embeddings()
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(5);
        var labels = Enumerable.Range(0, 240).Select(i => (long)(i % 3)).ToArray();
        var features = labels.SelectMany(l => Enumerable.Range(0, 6).Select(j => (float)((j / 2 == l ? 2 : 0) + random.NextGaussian()))).ToArray();
        using var data = new TensorDataset(tensor(features, [240, 6]), tensor(labels), 3);
        var options = new TrainingOptions { Epochs = 8, BatchSize = 32, Optimizer = new AdamW(1e-2), Loss = Catalog.Create<EmbeddingLoss>("unpg(head: cosface(0.2, 10, 4))") };
        var algorithm = new Backprop(new MlpSpec([16]), options);
        using var trained = algorithm.Fit(data, data, new TrainingContext { Seed = 1 });
        Assert.True(trained.Accuracy(data) > .85);
        Assert.Equal([240, 3], trained.Scores(data.Inputs).shape);
        var model = Assert.IsType<EmbeddingClassifier>(trained.Model);
        Assert.Equal([240, 4], model.Embed(data.Inputs).shape);
        Assert.Equal(trained.Accuracy(data), trained.Trace.Last("validation/accuracy"), 1e-6);
        // The configuration holds no weights: a second training with other data and classes is free of the first.
        var before = trained.Scores(data.Inputs).data<float>().ToArray();
        using var other = new TensorDataset(tensor(features, [240, 6]), tensor(labels.Select(l => l % 2).ToArray()), 2);
        using var second = algorithm.Fit(other, null, new TrainingContext { Seed = 2 });
        Assert.Equal(before, trained.Scores(data.Inputs).data<float>().ToArray());
    }

    [Fact]
    public void Bad_input_is_refused()
    {
        using var scope = NewDisposeScope();
        Assert.Throws<ArgumentOutOfRangeException>(() => new CosFaceLoss(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ArcFaceLoss(scale: 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new UnifiedNegativeLoss(whisker: double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>(() => new NormFaceLoss().ForClasses(1, new SeededRandom(1)));
        Assert.Throws<InvalidOperationException>(() => new UnifiedNegativeLoss().call(zeros(2, 64), zeros(2, dtype: ScalarType.Int64)));
        var loss = new UnifiedNegativeLoss(new CosFaceLoss(dimensions: 3)).ForClasses(2, new SeededRandom(1));
        Assert.Throws<ArgumentException>(() => loss.call(zeros(2, 4), zeros(2, dtype: ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => loss.call(zeros(2, 3), full(2, 2L, dtype: ScalarType.Int64)));
        Assert.Throws<ArgumentException>(() => loss.call(zeros(0, 3), zeros(0, dtype: ScalarType.Int64)));
        loss.eval();
        Assert.Throws<ArgumentException>(() => loss.call(zeros(2, 3), zeros(2, dtype: ScalarType.Int64))); // scores of 2 classes were expected
        Assert.Equal(Math.Log(2), loss.call(zeros(2, 2), zeros(2, dtype: ScalarType.Int64)).ToDouble(), 1e-6);
    }

    private static EmbeddingLoss Loss(string expression, Tensor vectors)
    {
        // ForClasses draws single-precision vectors: replace their values by those of the test, in their precision.
        var loss = Catalog.Create<EmbeddingLoss>(Three(expression)).ForClasses(2, new SeededRandom(1));
        loss.to(vectors.dtype);
        using var _ = no_grad();
        loss.parameters().Single().copy_(vectors);
        return loss;
    }

    // The same expression with embeddings of length 3.
    private static string Three(string expression) => expression switch
    {
        "normface" => "normface(dimensions: 3)",
        "cosface" => "cosface(dimensions: 3)",
        "arcface" => "arcface(dimensions: 3)",
        "magface" => "magface(dimensions: 3)",
        "unpg" => "unpg(cosface(dimensions: 3))",
        "paired(triplet)" => "paired(triplet, head: cosface(dimensions: 3))",
        "paired(multi-similarity)" => "paired(multi-similarity, head: cosface(dimensions: 3))",
        "paired(circle-loss)" => "paired(circle-loss, head: cosface(dimensions: 3))",
        "paired(contrastive, head: arcface)" => "paired(contrastive, head: arcface(dimensions: 3))",
        _ => "unpg(head: arcface(0.5, 32, 3), whisker: 1)",
    };

    private static Tensor Random(int rows, int columns, long seed) => Initialization.Normal(empty(rows, columns), 1, new SeededRandom(seed));
}
