using System.Numerics.Tensors;

namespace Assay.Statistics;

/// <summary>The k nearest training rows by Euclidean distance vote; a tie goes to the class whose voters are nearer. Brute force.</summary>
[Method("knn", Kind = MethodKind.Model)]
public sealed class NearestNeighbors : ClassLearner
{
    private readonly int neighbors;
    private readonly bool standardize;

    /// <summary>Creates the learner.</summary>
    /// <param name="neighbors">k, at least 1.</param>
    /// <param name="standardize">Whether features are scaled to unit deviation first.</param>
    /// <exception cref="ArgumentOutOfRangeException">k is not positive.</exception>
    public NearestNeighbors(int neighbors = 1, bool standardize = true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(neighbors);
        this.neighbors = neighbors;
        this.standardize = standardize;
    }

    /// <inheritdoc/>
    protected override bool StandardizesFeatures => standardize;

    /// <inheritdoc/>
    protected override ClassModel FitCore(FloatMatrix features, ReadOnlySpan<int> labels, int classCount) =>
        new Model(features, labels.ToArray(), classCount, Math.Min(neighbors, features.Rows));

    private sealed class Model(FloatMatrix train, int[] labels, int classCount, int neighbors) : ClassModel
    {
        // The log of the share of votes; what no neighbour is of gets a score below that of any voter.
        public override FloatMatrix Scores(FloatMatrix features)
        {
            if (features.Columns != train.Columns)
                throw new ArgumentException($"{train.Columns} features were expected, not {features.Columns}", nameof(features));
            var scores = new float[features.Rows * classCount];
            var distances = new float[neighbors];
            var voters = new int[neighbors];
            for (var i = 0; i < features.Rows; i++)
            {
                FindNearest(features.Row(i), distances, voters);
                var row = scores.AsSpan(i * classCount, classCount);
                for (var v = 0; v < neighbors; v++)
                    row[voters[v]] += 1 + (neighbors - v) * 1e-4f / neighbors;
                for (var c = 0; c < classCount; c++)
                    row[c] = MathF.Log((row[c] + 1e-6f) / neighbors);
            }
            return new FloatMatrix(scores, features.Rows, classCount);
        }

        // Keeps the nearest so far in ascending order.
        private void FindNearest(ReadOnlySpan<float> x, Span<float> distances, Span<int> voters)
        {
            distances.Fill(float.PositiveInfinity);
            voters.Fill(labels[0]);
            for (var t = 0; t < train.Rows; t++)
            {
                var distance = TensorPrimitives.Distance(x, train.Row(t));
                if (distance >= distances[^1])
                    continue;
                var at = neighbors - 1;
                for (; at > 0 && distances[at - 1] > distance; at--)
                {
                    distances[at] = distances[at - 1];
                    voters[at] = voters[at - 1];
                }
                distances[at] = distance;
                voters[at] = labels[t];
            }
        }
    }
}
