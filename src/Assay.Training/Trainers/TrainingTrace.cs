using System.Collections.Immutable;

namespace Assay.Training;

/// <summary>One point of a curve.</summary>
/// <param name="Name">The curve: <c>train/loss</c>, <c>validation/accuracy</c>, <c>learning-rate</c>.</param>
/// <param name="Step">The number of optimiser steps done.</param>
/// <param name="Epoch">The epoch, from 0, as a fraction inside it.</param>
/// <param name="Value">The value.</param>
public readonly record struct CurvePoint(string Name, long Step, double Epoch, double Value);

/// <summary>What a training run recorded, in order.</summary>
/// <param name="Points">The points of all curves.</param>
public sealed record TrainingTrace(ImmutableArray<CurvePoint> Points)
{
    /// <summary>The points of one curve, in order.</summary>
    public IEnumerable<CurvePoint> Curve(string name) => Points.Where(p => p.Name == name);

    /// <summary>The last value of a curve, or NaN when it has none.</summary>
    public double Last(string name)
    {
        for (var i = Points.Length - 1; i >= 0; i--)
        {
            if (Points[i].Name == name)
                return Points[i].Value;
        }
        return double.NaN;
    }
}
