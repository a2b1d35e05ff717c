using System.Numerics;
using Parquet;
using Parquet.Schema;

namespace Assay.Data;

/// <summary>Reads a numeric Parquet column into a <see cref="FloatColumn"/> where that loses nothing, else into a <see cref="DoubleColumn"/>.</summary>
internal static class ParquetNumbers
{
    public delegate TableColumn ColumnReader(ParquetReader reader, DataField field, int first, int end, int rows, bool singlePrecision);

    /// <summary>How to read columns of a type, or null where it is not numeric.</summary>
    public static ColumnReader? Reader(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Single => ReadFloats,
        TypeCode.Double => Read<double>,
        TypeCode.Decimal => Read<decimal>,
        TypeCode.SByte => Read<sbyte>,
        TypeCode.Byte => Read<byte>,
        TypeCode.Int16 => Read<short>,
        TypeCode.UInt16 => Read<ushort>,
        TypeCode.Int32 => Read<int>,
        TypeCode.UInt32 => Read<uint>,
        TypeCode.Int64 => Read<long>,
        TypeCode.UInt64 => Read<ulong>,
        TypeCode.Boolean => ReadBooleans,
        _ => null,
    };

    private static FloatColumn ReadFloats(ParquetReader reader, DataField field, int first, int end, int rows, bool singlePrecision)
    {
        var values = GC.AllocateUninitializedArray<float>(rows);
        var at = 0;
        for (var g = first; g < end; g++)
        {
            using var group = reader.OpenRowGroupReader(g);
            var part = values.AsMemory(at, (int)group.RowCount);
            at += part.Length;
            ReadGroup(group, field, part, float.NaN);
        }
        return new FloatColumn(field.Path.ToString(), values);
    }

    private static FloatColumn ReadBooleans(ParquetReader reader, DataField field, int first, int end, int rows, bool singlePrecision)
    {
        var values = new float[rows];
        var at = 0;
        for (var g = first; g < end; g++)
        {
            using var group = reader.OpenRowGroupReader(g);
            var part = new bool?[(int)group.RowCount];
            if (field.IsNullable)
                group.ReadAsync(field, part.AsMemory()).AsTask().GetAwaiter().GetResult();
            else
            {
                var plain = new bool[part.Length];
                group.ReadAsync(field, plain.AsMemory()).AsTask().GetAwaiter().GetResult();
                for (var i = 0; i < part.Length; i++)
                    part[i] = plain[i];
            }
            foreach (var value in part)
                values[at++] = value is { } v ? v ? 1 : 0 : float.NaN;
        }
        return new FloatColumn(field.Path.ToString(), values);
    }

    // Integers go into floats as long as all of them are exact there; a double column stays double unless single precision is asked for.
    private static TableColumn Read<T>(ParquetReader reader, DataField field, int first, int end, int rows, bool singlePrecision) where T : struct, INumber<T>
    {
        var keepDouble = !singlePrecision && (typeof(T) == typeof(double) || typeof(T) == typeof(decimal));
        var floats = keepDouble ? null : GC.AllocateUninitializedArray<float>(rows);
        var doubles = keepDouble ? GC.AllocateUninitializedArray<double>(rows) : null;
        var at = 0;
        for (var g = first; g < end; g++)
        {
            using var group = reader.OpenRowGroupReader(g);
            var part = new T[(int)group.RowCount];
            var present = ReadGroup(group, field, part, T.Zero);
            for (var i = 0; i < part.Length; i++, at++)
            {
                var value = present is null || present[i] ? double.CreateTruncating(part[i]) : double.NaN;
                if (doubles is null && !singlePrecision && (float)value != value && !double.IsNaN(value))
                {
                    doubles = new double[rows];
                    for (var j = 0; j < at; j++)
                        doubles[j] = floats![j];
                }
                if (doubles is null)
                    floats![at] = (float)value;
                else
                    doubles[at] = value;
            }
        }
        var name = field.Path.ToString();
        return doubles is null ? new FloatColumn(name, floats!) : new DoubleColumn(name, doubles);
    }

    // Reads the values of a group in place; absent ones get a filler, and an array says which are present (null: all).
    private static bool[]? ReadGroup<T>(ParquetRowGroupReader group, DataField field, Memory<T> part, T absent) where T : struct
    {
        if (!field.IsNullable)
        {
            group.ReadRawAsync(field, part, null, null).AsTask().GetAwaiter().GetResult();
            return null;
        }
        var levels = new int[part.Length];
        group.ReadRawAsync(field, part, levels.AsMemory(), null).AsTask().GetAwaiter().GetResult();
        var max = field.MaxDefinitionLevel;
        var count = levels.AsSpan().Count(max);
        if (count == levels.Length)
            return null;
        // The present values stand at the front: spread them from behind.
        var present = new bool[levels.Length];
        var values = part.Span;
        for (var i = levels.Length - 1; i >= 0; i--)
        {
            present[i] = levels[i] == max;
            values[i] = present[i] ? values[--count] : absent;
        }
        return present;
    }
}
