#!/bin/sh
printf 'class Hello { public static void main(String[] a) { System.out.println("hello from java"); } }\n' > Hello.java
source=$PWD/Hello.java
cd /usr || exit 99
exec java "$source"
