namespace Assay.Statistics.Tests.Networks;

public sealed class DenseNetworkTests
{
    private static FloatMatrix Random(int rows, int columns, int seed)
    {
        var random = new SeededRandom(seed);
        return new FloatMatrix([.. Enumerable.Range(0, rows * columns).Select(_ => (float)random.NextGaussian())], rows, columns);
    }

    [Theory]
    [InlineData(DenseLoss.CrossEntropy, DenseActivation.Relu)]
    [InlineData(DenseLoss.CrossEntropy, DenseActivation.Elu)]
    [InlineData(DenseLoss.SquaredError, DenseActivation.Elu)]
    [InlineData(DenseLoss.AbsoluteError, DenseActivation.Elu)]
    public void The_gradient_is_that_of_finite_differences(DenseLoss loss, DenseActivation activation)
    {
        var network = new DenseNetwork([4, 6, 5, 3], activation, 1);
        var (x, targets, labels, rows) = (Random(7, 4, 2), Random(7, 3, 3), new[] { 0, 1, 2, 2, 1, 0, 1 }, new[] { 1, 3, 4, 6 });
        var (gradient, scratch, inputs) = (new float[network.Parameters.Length], new float[network.Parameters.Length], new float[4]);
        network.Gradient(x, rows, loss, labels, targets, gradient, inputs);
        const float h = 1e-2f;
        for (var i = 0; i < gradient.Length; i += 3)
        {
            var kept = network.Parameters[i];
            network.Parameters[i] = kept + h;
            var up = network.Gradient(x, rows, loss, labels, targets, scratch);
            network.Parameters[i] = kept - h;
            var down = network.Gradient(x, rows, loss, labels, targets, scratch);
            network.Parameters[i] = kept;
            Assert.Equal((up - down) / (2 * h), gradient[i], 5e-3);
        }
        double Shifted(float by, int j)
        {
            var moved = x.Values.ToArray();
            foreach (var row in rows)
                moved[row * 4 + j] += by;
            return network.Gradient(new FloatMatrix(moved, 7, 4), rows, loss, labels, targets, scratch);
        }
        for (var j = 0; j < 4; j++)
            Assert.Equal((Shifted(h, j) - Shifted(-h, j)) / (2 * h), inputs[j], 5e-3);
    }

    [Fact]
    public void It_learns_what_no_linear_model_can_and_the_same_seed_gives_the_same_network()
    {
        var x = Random(400, 2, 4);
        int[] labels = [.. Enumerable.Range(0, 400).Select(i => x[i, 0] * x[i, 1] > 0 ? 1 : 0)];
        var training = new DenseTraining { Hidden = [16], Epochs = 40, LearningRate = 1e-2, Seed = 5 };
        var network = training.Fit(x, labels, 2);
        var outputs = network.Outputs(x);
        Assert.True(Enumerable.Range(0, 400).Count(i => outputs[i, 1] > outputs[i, 0] == (labels[i] == 1)) > 370);
        Assert.Equal(network.Parameters, training.Fit(x, labels, 2).Parameters);
        Assert.Equal((400, 16), (network.Embeddings(x).Rows, network.Embeddings(x).Columns));
    }

    [Fact]
    public void The_first_step_of_Adam_is_the_learning_rate_in_the_direction_of_the_sign()
    {
        float[] parameters = [.. Enumerable.Repeat(1f, 19)], gradient = [.. Enumerable.Range(0, 19).Select(i => i % 2 == 0 ? 0.5f : -2f)];
        new DenseAdam(19, 0.1).Step(parameters, gradient);
        for (var i = 0; i < 19; i++)
            Assert.Equal(i % 2 == 0 ? 0.9f : 1.1f, parameters[i], 1e-5f);
    }

    [Fact]
    public void What_does_not_fit_is_refused()
    {
        Assert.Throws<ArgumentException>(() => new DenseNetwork([3]));
        Assert.Throws<ArgumentException>(() => new DenseNetwork([3, 0, 1]));
        Assert.Throws<ArgumentException>(() => new DenseNetwork([3, 1]).Outputs(Random(2, 4, 1)));
        Assert.Throws<ArgumentException>(() => new DenseTraining().Fit(Random(2, 4, 1), [0, 5], 2));
    }
}
