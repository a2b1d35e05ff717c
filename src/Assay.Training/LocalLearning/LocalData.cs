namespace Assay.Training;

/// <summary>What every local-learning algorithm asks of its data.</summary>
internal static class LocalData
{
    /// <exception cref="ArgumentException">The targets are no classes, or there is only one class.</exception>
    public static void Check(TensorDataset train, TrainingContext context, bool flattens)
    {
        if (!train.IsClassification)
            throw new ArgumentException("local learning needs class labels; these targets are real values", nameof(train));
        if (train.Outputs < 2)
            throw new ArgumentException($"at least 2 classes are needed, there is {train.Outputs}", nameof(train));
        if (flattens && train.FeatureShape.Length > 1)
            context.Warn?.Invoke($"images of shape [{string.Join(", ", train.FeatureShape)}] are flattened");
    }
}
